/**
 * Finds in a value what a port can clone or transfer, but V8's serialization takes for an ordinary object and would
 * empty: a Blob, a key, a stream, a port; and modules of WebAssembly, of which it writes nothing.
 *
 * Classes of Node.js for them have methods under symbols of Node.js. Nothing else tells them apart.
 */
import { types } from 'node:util';

/** *large*: given up. */
type Finding = 'none' | 'found' | 'large';

const METHODS = new Set<string | undefined>(['messaging_clone_symbol', 'messaging_transfer_symbol']);
const TAGS = new Set<unknown>(['WebAssembly.Module', 'WebAssembly.Memory']);
/** Verdicts on prototypes. */
const verdicts = new WeakMap<object, boolean>();

/** @param limit values to look at. */
export function findClonedByPorts(root: unknown, limit: number): Finding {
  const waiting: unknown[] = [root];
  const seen = new Set<object>();
  let left = limit;
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== 'object' || value === null || types.isProxy(value) || seen.has(value)) continue;
    seen.add(value);
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) continue;
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype !== null && isClonedByPorts(prototype)) return 'found';
    const before = waiting.length;
    collect(value, waiting);
    left -= 1 + waiting.length - before;
    if (left < 0) return 'large';
  }
  return 'none';
}

/** Puts what a value has inside on the list. */
function collect(value: object, into: unknown[]): void {
  if (types.isMap(value)) {
    for (const [key, item] of Map.prototype.entries.call(value)) into.push(key, item);
    return;
  }
  if (types.isSet(value)) {
    for (const item of Set.prototype.values.call(value)) into.push(item);
    return;
  }
  if (types.isNativeError(value)) {
    into.push(Object.getOwnPropertyDescriptor(value, 'cause')?.value);
    return;
  }
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    if (typeof item === 'object' && item !== null) into.push(item);
  }
}

function isClonedByPorts(prototype: object): boolean {
  const known = verdicts.get(prototype);
  if (known !== undefined) return known;
  const above = Object.getPrototypeOf(prototype) as object | null;
  const verdict =
    Object.getOwnPropertySymbols(prototype).some(({ description }) => METHODS.has(description)) ||
    TAGS.has(Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag)?.value) ||
    (above !== null && isClonedByPorts(above));
  verdicts.set(prototype, verdict);
  return verdict;
}
