/**
 * Ways in which a program replaces what Node.js and the language offer: by
 * hand, with `mock.timers` of node:test, with @sinonjs/fake-timers. Each gives
 * back what puts everything right again.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { mock } from 'node:test';
import { type FakeMethod, install, timers as known } from '@sinonjs/fake-timers';

const require = createRequire(import.meta.url);
const timers: object = require('node:timers');

/** What a replaced function does. */
export type Manner = 'idle' | 'throws';
/** `usual`: what test suites replace; `all`: every name of {@link REPLACED} at once; else one of them. */
export type Fakes =
  | { readonly by: 'hand'; readonly manner: Manner; readonly what: string }
  | { readonly by: 'node:test' }
  | { readonly by: 'fake-timers' };

const TIMERS = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
];

/** Owners by the names that are used below. */
const OWNERS: Readonly<Record<string, object>> = {
  globalThis,
  process,
  performance,
  Date,
  Promise,
  'Promise.prototype': Promise.prototype,
  Atomics,
  Math,
  JSON,
  AbortSignal,
};

/** Everything that is replaced, as `owner.key`. */
const REPLACED: readonly string[] = [
  ...TIMERS.map((name) => `globalThis.${name}`),
  'globalThis.queueMicrotask',
  'globalThis.structuredClone',
  'globalThis.performance',
  'globalThis.Date',
  'globalThis.Promise',
  'globalThis.Atomics',
  'globalThis.Math',
  'globalThis.JSON',
  'globalThis.AbortController',
  'globalThis.AbortSignal',
  'process.nextTick',
  'process.hrtime',
  'performance.now',
  'performance.timeOrigin',
  'Date.now',
  ...['all', 'allSettled', 'any', 'race', 'reject', 'resolve'].map((name) => `Promise.${name}`),
  ...['then', 'catch', 'finally'].map((name) => `Promise.prototype.${name}`),
  ...Object.getOwnPropertyNames(Atomics).map((name) => `Atomics.${name}`),
  ...Object.getOwnPropertyNames(Math)
    .filter((name) => typeof Reflect.get(Math, name) === 'function')
    .map((name) => `Math.${name}`),
  'JSON.parse',
  'JSON.stringify',
  ...['any', 'timeout', 'abort'].filter((name) => name in AbortSignal).map((name) => `AbortSignal.${name}`),
];

/** What fake timers of test suites replace: the rest of {@link REPLACED} is for programs that do worse. */
const USUAL = /^globalThis\.(set|clear|queue|performance|Date)|^process\.hrtime|\.(now|random)$/;

/** Node.js itself, and piscina in an event of its own, call these by name: where they throw, so do those. */
const BY_OTHERS = ['process.nextTick', 'globalThis.queueMicrotask'];

/** Installs them. @returns what takes them away. */
export function fake(fakes: Fakes): () => void {
  if (fakes.by === 'node:test') {
    mock.timers.enable();
    return () => mock.timers.reset();
  }
  if (fakes.by === 'fake-timers') {
    const clock = install({ toFake: Object.keys(known) as FakeMethod[], shouldClearNativeTimers: true });
    return () => clock.uninstall();
  }
  const { manner, what } = fakes;
  const names = namesOf(what, manner);
  const undo = names.flatMap((name) => replace(name, manner));
  syncBuiltinESMExports();
  return () => {
    for (const one of undo.toReversed()) one();
    syncBuiltinESMExports();
  };
}

function namesOf(what: string, manner: Manner): readonly string[] {
  if (what === 'usual') return REPLACED.filter((name) => USUAL.test(name));
  if (what !== 'all') return [what];
  return manner === 'idle' ? REPLACED : REPLACED.filter((name) => !BY_OTHERS.includes(name));
}

function replace(name: string, manner: Manner): (() => void)[] {
  const at = name.lastIndexOf('.');
  const key = name.slice(at + 1);
  const owner = OWNERS[name.slice(0, at)] as object;
  // The module has each timer, too.
  const owners = TIMERS.includes(key) ? [owner, timers] : [owner];
  const value = replacement(Reflect.get(owner, key), manner, name);
  return owners.map((one) => {
    const kept = Object.getOwnPropertyDescriptor(one, key);
    Object.defineProperty(one, key, { value, writable: true, enumerable: true, configurable: true });
    return () => {
      if (kept === undefined) Reflect.deleteProperty(one, key);
      else Object.defineProperty(one, key, kept);
    };
  });
}

/** In the place of a clock one that stands still, of a random number always the same one, of anything else nothing. */
function replacement(original: unknown, manner: Manner, name: string): unknown {
  if (typeof original === 'number') return 0;
  const throws = (): never => {
    throw new Error(`${name} was called`);
  };
  if (manner === 'throws') return typeof original === 'function' ? throws : {};
  if (typeof original !== 'function') return {};
  if (name.endsWith('.now') || name.endsWith('.random')) return () => 0;
  if (name === 'process.hrtime') return Object.assign(() => [0, 0], { bigint: () => 0n });
  return () => {};
}
