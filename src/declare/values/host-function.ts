/** Whether a value can be given for a callback parameter. */
import { types } from 'node:util';
import { isPersistent } from '../language/persistent.js';
import { show } from './show.js';
import { Unreadable } from '../compile/read-once.js';
import type { HostFunctionSpec } from '../spec.js';

/** @returns what to do about a value that does not fit; null when it does. Never throws. */
export function misfit(spec: HostFunctionSpec, value: unknown): string | null {
  if (value === null) return null;
  if (isPersistent(value)) {
    return value.closed
      ? 'It is closed, so native code could not call it. Give one that is open; make it with persistent(fn).'
      : misfitOfFunction(spec, value.fn);
  }
  return typeof value === 'function'
    ? misfitOfFunction(spec, value)
    : 'Give a function, persistent(fn) for one that native code keeps, or null for NULL.';
}

function misfitOfFunction({ callback, sync }: HostFunctionSpec, fn: object): string | null {
  const count = callback.params.length;
  const length = lengthOf(fn);
  // Not `length <= count`: a function may have any property of that name.
  if (typeof length === 'number' && length > count) {
    return `The function takes ${length} ${length === 1 ? 'argument' : 'arguments'}, native code gives ${count}.`;
  }
  if (length instanceof Unreadable) {
    return `Its length could not be read: a getter or proxy threw ${show(length.cause)}. Give a plain function.`;
  }
  if (sync && types.isAsyncFunction(fn)) {
    return 'It is async, but the callback is declared with sync: true. Give a function that answers at once, or remove sync.';
  }
  return null;
}

function lengthOf(fn: object): unknown {
  try {
    return (fn as { length?: unknown }).length;
  } catch (cause) {
    return new Unreadable(cause);
  }
}
