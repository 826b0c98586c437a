/**
 * A function as the machine sees it: every argument a number or an address. Declared like that, calls of almost any
 * function can be made by `mapColumns`, so that a lane makes them one after the other with nothing in between.
 */
import type { Column, FunctionDescription, NativeFunction, Pool, Scalar } from 'offthread';
import type { Target } from '../../target/target-options.js';

/** A function that takes and returns numbers. */
export type RawFunction = NativeFunction<unknown[], unknown, unknown>;

export interface RawShape {
  readonly parameters: readonly Scalar[];
  readonly returns: Scalar | 'void';
}

/** The typed array for values of each type. A bool is a byte. */
const ARRAY_OF = {
  i8: Int8Array,
  u8: Uint8Array,
  bool: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  size: BigUint64Array,
  pointer: BigUint64Array,
} as const;

/** A new column over memory that threads use in place. */
export function newColumn(type: Scalar, count: number): Column {
  const array = ARRAY_OF[type] as {
    readonly BYTES_PER_ELEMENT: number;
    new (memory: SharedArrayBuffer): Column;
  };
  return new array(new SharedArrayBuffer(count * array.BYTES_PER_ELEMENT));
}

/**
 * The shape of a function; null when numbers and addresses are not enough: it has callbacks, or hands out strings that
 * have to be read, or released, after each call.
 * @param texts whether a string that is returned, and not released, may be left unread.
 */
export function rawShape(
  { parameters, returns }: FunctionDescription,
  declaration: Target['declaration'],
  texts: 'read' | 'unread',
): RawShape | null {
  const plain = parameters.every(
    ({ kind, type }) =>
      kind === 'value' ||
      kind === 'cstring' ||
      kind === 'buffer' ||
      ((kind === 'out' || kind === 'inout') && type !== 'cstring'),
  );
  if (!plain || returns === 'struct' || (returns === 'cstring' && (texts === 'read' || isOwned(declaration))))
    return null;
  return {
    parameters: parameters.map(({ kind, type }) => (kind === 'value' ? raw(type as Scalar) : 'pointer')),
    returns: returns === 'cstring' ? 'pointer' : returns === 'void' ? 'void' : raw(returns),
  };
}

/** A size is a number, which would have to be converted for each call. */
function raw(type: Scalar): Scalar {
  return type === 'size' ? 'u64' : type;
}

/** Whether the function returns strings that the caller releases. */
function isOwned({ owned, return: returns }: Target['declaration']): boolean {
  return owned !== undefined || typeof returns === 'object';
}

/**
 * Opens the function in its raw shape. One without parameters gets a number that it does not look at, since columns
 * say how many calls there are.
 */
export async function openRaw(
  pool: Pool,
  { library, description: { symbol }, engine }: Target,
  { parameters, returns }: RawShape,
): Promise<RawFunction> {
  const declaration = { symbol, arguments: parameters.length === 0 ? ['i32'] : parameters, return: returns };
  const opened = await pool.open(library, { raw: declaration } as never, { engine });
  return (opened as unknown as { raw: RawFunction }).raw;
}
