/**
 * Piscina, comlink and much of Node.js look up timers, microtasks and promises at each use. If a program has replaced
 * some (see `builtins.ts`), the host restores the originals while it calls these packages.
 *
 * Guarantee: the program does not notice. None of its code runs in the meantime, and its replacements are put back
 * afterwards, even if an error is thrown.
 */
import { performance } from 'node:perf_hooks';

const { defineProperty, deleteProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;

interface Original {
  readonly owner: object;
  readonly key: PropertyKey;
  readonly value: unknown;
}

const GLOBALS = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'queueMicrotask',
  'AbortController',
  'Atomics',
  'Math',
  'Promise',
];

const originals: readonly Original[] = [
  ...originalsOf(globalThis, GLOBALS),
  ...originalsOf(process, ['nextTick']),
  ...originalsOf(performance, ['now']),
  ...originalsOf(Promise, ['all', 'allSettled', 'race', 'reject', 'resolve', 'withResolvers']),
  ...originalsOf(Promise.prototype, ['then', 'catch', 'finally']),
  ...originalsOf(Atomics, ownKeys(Atomics)),
  ...originalsOf(Math, ['floor', 'max', 'random']),
];

function originalsOf(owner: object, keys: readonly PropertyKey[]): Original[] {
  return keys.map((key) => ({ owner, key, value: valueOf(owner, key) }));
}

function valueOf(owner: object, key: PropertyKey): unknown {
  return (owner as Record<PropertyKey, unknown>)[key];
}

/** Runs a synchronous function while the originals are in place. */
export function withOriginals<R>(run: () => R): R {
  const replaced = originals.filter(({ owner, key, value }) => valueOf(owner, key) !== value);
  if (replaced.length === 0) return run();
  const kept = replaced.map(({ owner, key }) => getOwnPropertyDescriptor(owner, key));
  for (const { owner, key, value } of replaced) {
    defineProperty(owner, key, { value, writable: true, enumerable: true, configurable: true });
  }
  try {
    return run();
  } finally {
    for (const [index, { owner, key }] of replaced.entries()) {
      const descriptor = kept[index];
      if (descriptor === undefined) deleteProperty(owner, key);
      else defineProperty(owner, key, descriptor);
    }
  }
}
