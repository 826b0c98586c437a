/**
 * Persistent callbacks by number: lanes know them by it. One number for each
 * callback and parameter that it was given for, since its types are the
 * parameter's.
 */
import type { PersistentCallback } from '../declare/persistent.js';
import type { HostFunctionSpec } from '../declare/spec.js';

/** A persistent callback as some parameter declares it. */
export interface Persistent {
  readonly id: number;
  readonly callback: PersistentCallback;
  readonly param: HostFunctionSpec;
}

const known = new Map<number, Persistent>();
const ids = new WeakMap<PersistentCallback, Map<HostFunctionSpec, number>>();
let last = 0;

/** The number of a callback for a parameter; it lasts until the callback is closed. */
export function persistentId(callback: PersistentCallback, param: HostFunctionSpec): number {
  let own = ids.get(callback);
  if (own === undefined) {
    own = new Map();
    ids.set(callback, own);
  }
  let id = own.get(param);
  if (id === undefined) {
    last += 1;
    id = last;
    own.set(param, id);
    known.set(id, { id, callback, param });
    const number = id;
    callback.whenClosed(() => known.delete(number));
  }
  return id;
}

/** A callback by its number; undefined once it is closed. */
export function persistentOf(id: number): Persistent | undefined {
  return known.get(id);
}
