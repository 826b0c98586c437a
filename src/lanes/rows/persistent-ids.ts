/**
 * The numbers by which lanes know persistent callbacks. Each pair of callback and parameter has a number, because the
 * types are those of the parameter.
 */
import type { PersistentCallback } from '../../declare/language/persistent.js';
import type { HostFunctionSpec } from '../../declare/spec.js';

const ids = new WeakMap<PersistentCallback, WeakMap<HostFunctionSpec, number>>();
let last = 0;

/** The number of a callback for a parameter: always the same, until it is renewed. */
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

/**
 * Gives a callback another number the next time. A lane reads that a number is no longer in use when it comes to rest, which
 * may be after a later call has passed the callback again.
 */
export function renewPersistentId(callback: PersistentCallback, param: HostFunctionSpec): void {
  ids.get(callback)?.delete(param);
}
