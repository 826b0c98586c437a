/** The errors of structured cloning, which also say where in a value the fault is. */
import { types } from 'node:util';
import { structuredClone } from '../../builtins.js';

/** Its error has the class that a program may have replaced. */
function refusalOf(value: unknown, transfer: readonly object[]): DOMException | null {
  try {
    structuredClone(value, { transfer: transfer as ArrayBuffer[] });
    return null;
  } catch (error) {
    return error as DOMException;
  }
}

/** Objects that are searched for what is at fault. */
const SEARCHED = 2000;

/** Never cloneable. */
const PROBE = (): void => {};
let probed: DOMException | null = null;

function probeRefusal(): DOMException {
  return (probed ??= refusalOf(PROBE, []) as DOMException);
}

/** A DataCloneError. */
export function cloneError(message: string): DOMException {
  const { constructor } = probeRefusal();
  return new (constructor as typeof DOMException)(message, 'DataCloneError');
}

/**
 * Throws what structured cloning throws for a list that it cannot transfer. Nothing is detached: the list is looked at
 * before the value, which cannot be cloned.
 */
export function checkTransfer(transfer: readonly object[]): void {
  const refusal = refusalOf(PROBE, transfer);
  if (refusal !== null && refusal.message !== probeRefusal().message) throw refusal;
}

/** The error for a value that cannot be cloned, with the path to what is at fault if it is found without any getter. */
export function notCloneable(root: unknown, message?: string): DOMException {
  const found = findFault(root, '', new Set());
  return cloneError(found ?? message ?? 'The value could not be cloned.');
}

function findFault(value: unknown, path: string, seen: Set<unknown>): string | null {
  const what = faultOf(value);
  if (what !== null) return `${path === '' ? 'The value' : path} is ${what}, which cannot be cloned.`;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return null;
  if (seen.has(value) || seen.size > SEARCHED) return null;
  seen.add(value);
  for (const key of Object.keys(value)) {
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (descriptor === undefined || !('value' in descriptor)) continue;
    const found = findFault(descriptor.value, path + step(key, Array.isArray(value), path), seen);
    if (found !== null) return found;
  }
  return null;
}

function faultOf(value: unknown): string | null {
  if (types.isProxy(value)) return 'a proxy';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value !== 'object' || value === null) return null;
  if (types.isPromise(value)) return 'a promise';
  if (types.isWeakMap(value)) return 'a WeakMap';
  if (types.isWeakSet(value)) return 'a WeakSet';
  return types.isExternal(value) ? 'a pointer of an add-on' : null;
}

function step(key: string, isArray: boolean, path: string): string {
  if (isArray && /^\d+$/.test(key)) return `[${key}]`;
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)) return `["${key}"]`;
  return path === '' ? key : `.${key}`;
}
