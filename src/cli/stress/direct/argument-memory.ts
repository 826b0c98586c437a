/**
 * The memory that the arguments of calls point to.
 *
 *   constants   what the function only reads: once for each item
 *   places      what it fills or changes: once for each call of a run, all of the same size
 */
import type { Column, FunctionDescription, ParameterDescription } from 'offthread';
import { type RawShape, newColumn } from './raw-function.js';

/** Arguments of a call: those that the caller passes, in the order of the parameters. */
export type GivenArguments = readonly unknown[];

/** Every piece of memory begins at such a multiple, as malloc's does. */
const ALIGNMENT = 16;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
/** Bytes of a cell: every scalar fits. */
const CELL = 16;

/** What a parameter points to within a place. */
export interface Piece {
  readonly parameter: number;
  readonly offset: number;
  /** Bytes, for each item; -1 where it is NULL or an address. */
  readonly lengths: readonly number[];
}

export class ArgumentMemory {
  readonly #shape: RawShape;
  /** The argument of each parameter, for each item; undefined where the caller passes none. */
  readonly #values: readonly (readonly unknown[])[];
  /** Where the constants of an item are, by parameter; -1 is NULL. */
  readonly #offsets: number[][] = [];
  /** The bytes of all constants. */
  readonly constants: Uint8Array;
  readonly pieces: readonly Piece[];
  /** Bytes from one place to the next; 0 when the function changes nothing. */
  readonly stride: number;
  /** The content of a place before the call, for each item. */
  readonly #fresh: readonly Uint8Array[];

  constructor({ parameters }: FunctionDescription, shape: RawShape, items: readonly GivenArguments[]) {
    this.#shape = shape;
    this.#values = items.map((given) => {
      let next = 0;
      return parameters.map((parameter) => (parameter.given ? given[next++] : undefined));
    });
    const pieces: Piece[] = [];
    let stride = 0;
    for (const [parameter, { kind, changes }] of parameters.entries()) {
      if (!changes) continue;
      const lengths = this.#values.map((values) => {
        if (isAddress(kind, values[parameter])) return -1;
        return kind === 'buffer' ? bytesOf(values[parameter]).length : CELL;
      });
      pieces.push({ parameter, offset: stride, lengths });
      stride += aligned(Math.max(1, ...lengths));
    }
    this.pieces = pieces;
    this.stride = stride;
    const contents: Uint8Array[] = [];
    let at = 0;
    for (const values of this.#values) {
      this.#offsets.push(
        parameters.map(({ kind, changes }, index) => {
          const value = values[index];
          if (changes || kind === 'value' || isAddress(kind, value)) return -1;
          const bytes = kind === 'cstring' ? Buffer.from(`${value as string}\0`, 'utf8') : bytesOf(value);
          contents.push(bytes);
          const offset = at;
          at += aligned(Math.max(1, bytes.length));
          return offset;
        }),
      );
    }
    this.constants = new Uint8Array(at);
    let written = 0;
    for (const bytes of contents) {
      this.constants.set(bytes, written);
      written += aligned(Math.max(1, bytes.length));
    }
    this.#fresh = this.#values.map((values) => {
      const place = new Uint8Array(stride);
      for (const { parameter, offset } of pieces) {
        const { kind, type } = parameters[parameter] as (typeof parameters)[number];
        if (isAddress(kind, values[parameter])) continue;
        if (kind === 'buffer') place.set(bytesOf(values[parameter]), offset);
        else if (kind === 'inout') place.set(cellOf(type as never, values[parameter]), offset);
      }
      return place;
    });
  }

  /** The content of the places of a run, before it. */
  freshPlaces(order: Int32Array): Uint8Array {
    const places = new Uint8Array(order.length * this.stride);
    if (this.stride > 0)
      order.forEach((item, at) => places.set(this.#fresh[item] as Uint8Array, at * this.stride));
    return places;
  }

  /**
   * The columns of a run: a typed array for each parameter.
   * @param period after how many calls the order begins anew.
   */
  columns(order: Int32Array, period: number, constants: bigint, places: bigint): Column[] {
    const { parameters } = this.#shape;
    const count = order.length;
    if (parameters.length === 0) return [newColumn('i32', count)];
    return parameters.map((type, parameter) => {
      const column = newColumn(type, count);
      const piece = this.pieces.find((one) => one.parameter === parameter);
      // Each call has a place of its own, so that only what is no place repeats.
      const different = piece === undefined ? Math.min(period, count) : count;
      for (let at = 0; at < different; at += 1) {
        const item = order[at] as number;
        if (piece !== undefined && (piece.lengths[item] as number) >= 0)
          column[at] = places + BigInt(at * this.stride + piece.offset);
        else column[at] = this.#cell(item, parameter, type, constants);
      }
      repeat(column, different);
      return column;
    });
  }

  #cell(item: number, parameter: number, type: string, constants: bigint): number | bigint {
    const offset = this.#offsets[item]?.[parameter] as number;
    const value = this.#values[item]?.[parameter];
    if (offset >= 0) return constants + BigInt(offset);
    if (value === null) return 0n;
    return type === 'i64' || type === 'u64' || type === 'pointer'
      ? BigInt(value as number | bigint)
      : Number(value);
  }
}

/** Fills an array with its beginning, over and over. */
export function repeat(list: Column, period: number): void {
  for (let filled = period; filled < list.length; filled *= 2) list.copyWithin(filled, 0, filled);
}

/** Whether the argument for a pointer is NULL, or an address, in place of what is to be there. */
export function isAddress(kind: ParameterDescription['kind'], value: unknown): value is null | bigint {
  return value === null || (kind === 'buffer' && typeof value === 'bigint');
}

/** The bytes of an argument. */
export function bytesOf(value: unknown): Uint8Array {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return new Uint8Array(value as ArrayBuffer);
}

/** The bytes of a cell with a value. */
function cellOf(type: Parameters<typeof newColumn>[0], value: unknown): Uint8Array {
  const column = newColumn(type, 1);
  column[0] = typeof column[0] === 'bigint' ? BigInt(value as number | bigint) : Number(value);
  return new Uint8Array(column.buffer);
}
