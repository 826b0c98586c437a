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
      ? 'The persistent function is closed, so native code could not call it. Pass an open one, made with persistent(fn).'
      : misfitOfFunction(spec, value.fn);
  }
  return typeof value === 'function'
    ? misfitOfFunction(spec, value)
    : 'Pass a function, persistent(fn) for a function that native code keeps, or null for NULL.';
}

function misfitOfFunction({ callback, sync }: HostFunctionSpec, fn: object): string | null {
  const count = callback.params.length;
  const length = lengthOf(fn);
  // Not `length <= count`: a function may have any property of that name.
  if (typeof length === 'number' && length > count) {
    return `The function takes ${length} ${length === 1 ? 'argument' : 'arguments'}, but native code passes ${count}.`;
  }
  if (length instanceof Unreadable) {
    return `The length of the function could not be read: a getter or proxy threw ${show(length.cause)}. Pass a plain function.`;
  }
  if (sync && types.isAsyncFunction(fn)) {
    return 'The function is async, but the callback is declared with sync: true. Pass a function that returns its value directly, or remove sync.';
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
