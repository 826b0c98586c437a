/**
 * Persistent callbacks by number: lanes know them by it. One number for each
 * callback and parameter that it was given for, since its types are the
 * parameter's.
 */
import type { PersistentCallback } from '../../declare/language/persistent.js';
import type { HostFunctionSpec } from '../../declare/spec.js';

const ids = new WeakMap<PersistentCallback, WeakMap<HostFunctionSpec, number>>();
let last = 0;

/** The number of a callback for a parameter: always the same. */
export function persistentId(callback: PersistentCallback, param: HostFunctionSpec): number {
  let own = ids.get(callback);
  if (own === undefined) {
    own = new WeakMap();
    ids.set(callback, own);
  }
  let id = own.get(param);
  if (id === undefined) {
    last += 1;
    id = last;
    own.set(param, id);
  }
  return id;
}
