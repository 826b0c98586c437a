/**
 * Reading what users wrote. Each property is read once, so a getter cannot
 * give two answers, and a getter or proxy that throws is caught here; the
 * rest of the compiler works on plain copies.
 */

/** A copy of an object's own enumerable string properties, in their order. */
export type Snapshot = ReadonlyMap<string, unknown>;

/** Why a value could not be read. */
export class Unreadable {
  readonly cause: unknown;
  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/**
 * @returns the copy; undefined if the value is not an object with named properties
 *   (a primitive, a function, an array, or an empty built-in such as a Map);
 *   `Unreadable` when reading it threw.
 */
export function snapshotObject(value: unknown): Snapshot | undefined | Unreadable {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    if (Array.isArray(value)) return undefined;
    const copy = new Map<string, unknown>(Object.entries(value));
    return copy.size === 0 && !isPlain(value) ? undefined : copy;
  } catch (cause) {
    return new Unreadable(cause);
  }
}

/**
 * @param limit - an array longer than this is not copied, its length is returned.
 * @returns the copy, holes as undefined; undefined if the value is not an array;
 *   `Unreadable` when reading it threw.
 */
export function snapshotArray(
  value: unknown,
  limit: number,
): readonly unknown[] | number | undefined | Unreadable {
  try {
    if (!Array.isArray(value)) return undefined;
    const list: readonly unknown[] = value;
    const length = list.length;
    if (!(length <= limit)) return length;
    // Not `slice` or a spread: both run code of the array's own.
    const copy: unknown[] = [];
    for (let i = 0; i < length; i++) copy.push(list[i]);
    return copy;
  } catch (cause) {
    return new Unreadable(cause);
  }
}

/** Object literals of any realm, module namespaces and null-prototype objects. */
export function isPlain(value: object): boolean {
  const parent: unknown = Object.getPrototypeOf(value);
  return parent === null || Object.getPrototypeOf(parent) === null;
}
