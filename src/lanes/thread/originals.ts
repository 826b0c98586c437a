/**
 * Piscina, comlink and much of Node.js look timers, microtasks and promises up
 * when they use them. Where a program has replaced some (see `builtins.ts`),
 * what the host has them do is done with the originals in their places.
 *
 * Guarantee: the program does not see it. Nothing of its own runs meanwhile,
 * and its replacements are back afterwards, whatever is thrown.
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

/** Runs something that answers at once, with the originals in their places. */
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
