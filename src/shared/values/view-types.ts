/** Types of views by number: the same in host and lanes, which run the same Node.js. */

type ViewConstructor = new (buffer: ArrayBufferLike, offset: number, length: number) => ArrayBufferView;

interface ViewType {
  readonly constructor: ViewConstructor;
  /** Bytes of an element. */
  readonly size: number;
}

const NAMES = [
  'DataView',
  'Uint8Array',
  'Int8Array',
  'Uint8ClampedArray',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
];
const TYPES: readonly (ViewType | undefined)[] = NAMES.map((name) => {
  const found = (globalThis as unknown as Record<string, ViewConstructor & { BYTES_PER_ELEMENT?: number }>)[
    name
  ];
  return found && { constructor: found, size: found.BYTES_PER_ELEMENT ?? 1 };
});

/** The name of a typed array's type, whatever its class; undefined for a DataView. */
const nameOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
)?.get as (this: ArrayBufferView) => string | undefined;

/** The number of a view's type; -1 if it has none. A Buffer is a Uint8Array. */
export function viewTypeOf(view: ArrayBufferView): number {
  const name = nameOf.call(view);
  return name === undefined ? 0 : NAMES.indexOf(name);
}

/** Whether a view of that type can be at that place. */
export function canView(type: number, offset: number, bytes: number): boolean {
  const size = TYPES[type]?.size;
  return size !== undefined && offset % size === 0 && bytes % size === 0;
}

/** @param type one for which {@link canView} holds. */
export function viewOf(
  type: number,
  buffer: ArrayBufferLike,
  offset: number,
  bytes: number,
): ArrayBufferView {
  const { constructor, size } = TYPES[type] as ViewType;
  return new constructor(buffer, offset, bytes / size);
}
