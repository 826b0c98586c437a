/** From `callback()` and `chunks()` to their specs. */
import { LONGEST_MS } from '../../options/checks.js';
import { scalarAdvice } from '../values/advice.js';
import { compileSignature } from './callback-signature.js';
import { engineValue, engineZero } from '../values/engine-value.js';
import type { Place } from './problem.js';
import { SCALARS } from '../language/scalars.js';
import { show } from '../values/show.js';
import type { Snapshot } from './read-once.js';
import type { CallbackSpec, ChunksSpec, HostFunctionSpec } from '../spec.js';

const CALLBACK_OPTIONS = ['timeout', 'sync', 'fireAndForget', 'fallback', 'bytes'];
const CHUNKS_OPTIONS = ['bytes', 'stop', 'proceed', 'highWaterMark', 'persistent'];
const HIGH_WATER_MARK = 64;
const MAX_HIGH_WATER_MARK = 65_536;

/**
 * @param label - where it is, for example `arguments[1], callback(),`.
 * @param inner - what the wrapper holds.
 */
export function compileCallback(place: Place, label: string, inner: unknown): HostFunctionSpec {
  const { signature, options } = unwrap(place, label, inner, CALLBACK_OPTIONS);
  const { callback } = compileSignature(place, label, signature, options.get('bytes'));
  const wait = !flag(place, label, 'fireAndForget', options);
  if (!wait) checkFireAndForget(place, label, callback, options);
  return {
    kind: 'callback',
    callback,
    timeout: compileTimeout(place, label, options.get('timeout')),
    sync: flag(place, label, 'sync', options),
    wait,
    fallback: valueOf(place, label, 'fallback', options, callback.returns) ?? engineZero(callback.returns),
  };
}

/**
 * @param label - where it is, for example `arguments[1], chunks(),`.
 * @param inner - what the wrapper holds.
 */
export function compileChunks(place: Place, label: string, inner: unknown): ChunksSpec {
  const { signature, options } = unwrap(place, label, inner, CHUNKS_OPTIONS);
  const { callback, bytes } = compileSignature(place, label, signature, options.get('bytes'));
  const stop = valueOf(place, label, 'stop', options, callback.returns) ?? null;
  return {
    kind: 'chunks',
    callback,
    chunk: bytes,
    stop,
    proceed: compileProceed(place, label, options, callback.returns, stop, bytes !== null),
    highWaterMark: compileHighWaterMark(place, label, options.get('highWaterMark')),
    persistent: flag(place, label, 'persistent', options),
  };
}

/** @param value - the key `stream`, as written. */
export function compileStream(place: Place, value: unknown): ChunksSpec {
  const expected = "chunks({ arguments: [...], return: 'type' })";
  const copy = place.object(value, 'stream', ['chunks'], expected);
  if (copy.size !== 1) throw place.problem(`stream is ${show(value)}. Expected ${expected}.`);
  // The very chunks() that installs the callback may be given here: its calls have chunks of their own.
  return { ...compileChunks(place, 'stream, chunks(),', copy.get('chunks')), persistent: false };
}

/** Reads `{ signature, options }`. */
function unwrap(
  place: Place,
  label: string,
  inner: unknown,
  known: readonly string[],
): { signature: unknown; options: Snapshot } {
  const copy = place.object(inner, label, ['signature', 'options'], '{ signature, options }');
  const options = copy.get('options');
  return {
    signature: copy.get('signature'),
    options:
      options === undefined
        ? new Map()
        : place.object(options, `${label} options`, known, `options: ${known.join(', ')}`),
  };
}

function flag(place: Place, label: string, key: string, options: Snapshot): boolean {
  const value = options.get(key);
  if (value === undefined) return false;
  if (typeof value !== 'boolean') {
    throw place.problem(`${label} ${key} is ${show(value)}. Allowed: true or false.`);
  }
  return value;
}

function checkFireAndForget(place: Place, label: string, { returns }: CallbackSpec, options: Snapshot): void {
  if (returns !== 'void') {
    throw place.problem(
      `${label} fireAndForget is true, but return is '${returns}': native code must wait for the value. Remove fireAndForget, or declare return: 'void'.`,
    );
  }
  for (const key of ['timeout', 'fallback']) {
    if (options.get(key) !== undefined) {
      throw place.problem(
        `${label} ${key} cannot be combined with fireAndForget: true, because native code does not wait. Remove one of them.`,
      );
    }
  }
}

function compileTimeout(place: Place, label: string, timeout: unknown): number | null {
  if (timeout === undefined) return null;
  if (typeof timeout !== 'number' || !(timeout >= 0 && timeout <= LONGEST_MS)) {
    throw place.problem(
      `${label} timeout is ${show(timeout)}. Allowed: a number of milliseconds from 0 to ${LONGEST_MS}; 0 is unlimited.`,
    );
  }
  return timeout === 0 ? Infinity : timeout;
}

/** An option that is a value of the callback's return type. */
function valueOf(
  place: Place,
  label: string,
  key: string,
  options: Snapshot,
  returns: CallbackSpec['returns'],
): number | bigint | undefined {
  const value = options.get(key);
  if (value === undefined) return undefined;
  if (returns === 'void') {
    throw place.problem(
      `${label} ${key} is set, but return is 'void': native code gets no value. Remove ${key}, or declare the type that the callback returns.`,
    );
  }
  const compiled = engineValue(returns, value);
  if (compiled !== undefined) return compiled;
  throw place.problem(
    `${label} ${key} is ${show(value)}, but return is '${returns}'. ${scalarAdvice(returns, value)}`,
  );
}

function compileProceed(
  place: Place,
  label: string,
  options: Snapshot,
  returns: CallbackSpec['returns'],
  stop: number | bigint | null,
  hasBytes: boolean,
): number | bigint | 'length' {
  const counts = returns !== 'void' && returns !== 'pointer' && SCALARS[returns].integer;
  const given = options.get('proceed');
  if (given === 'length') {
    if (hasBytes && counts) return 'length';
    throw place.problem(
      `${label} proceed is 'length', ${hasBytes ? `but return is '${returns}'. Declare the integer type that the C prototype has` : 'but no bytes are declared. Declare them with bytes: [address, length]'}, or set proceed to a value.`,
    );
  }
  const zero = engineZero(returns);
  const proceed = valueOf(place, label, 'proceed', options, returns);
  // Write functions such as libcurl's take back how much was written: less is an error, so 0 stops them.
  if (proceed === undefined && hasBytes && counts && stop === zero) return 'length';
  const value = proceed ?? zero;
  if (value === stop || (Number.isNaN(value) && Number.isNaN(stop))) {
    throw place.problem(
      `${label} stop and proceed are both ${show(options.get('stop'))}${proceed === undefined ? ', the default of proceed' : ''}. Set proceed to the value that makes native code continue.`,
    );
  }
  return value;
}

function compileHighWaterMark(place: Place, label: string, mark: unknown): number {
  if (mark === undefined) return HIGH_WATER_MARK;
  if (typeof mark !== 'number' || !Number.isInteger(mark) || mark < 1 || mark > MAX_HIGH_WATER_MARK) {
    throw place.problem(
      `${label} highWaterMark is ${show(mark)}. Allowed: a whole number from 1 to ${MAX_HIGH_WATER_MARK}.`,
    );
  }
  return mark;
}
