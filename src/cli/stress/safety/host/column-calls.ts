/**
 * Calls of a function that is made of numbers and addresses: `mapColumns` has a lane make them back to back, tens of
 * nanoseconds apart, so that lanes that run at once are in the function at once most of the time.
 */
import type { Column, FunctionDescription, Pool, Scalar } from 'offthread';
import { ArgumentMemory, type GivenArguments, repeat } from '../../direct/argument-memory.js';
import type { NativeMemory } from '../../direct/allocated-memory.js';
import { type RawFunction, type RawShape, newColumn } from '../../direct/raw-function.js';
import { type Answer, type LaneCalls, type Series, hashOf } from './lane-calls.js';

/** Bytes of the places of a lane at most. */
const PLACES_BYTES = 8 * 2 ** 20;
/**
 * Calls of a series at most: so many that the time in which a lane is woken, and a run gets going, is little beside them,
 * and so few that they are soon prepared. Addresses take longer than numbers, and longer to prepare.
 */
const LONGEST = { places: 2 ** 15, addresses: 2 ** 16, numbers: 2 ** 18 } as const;

interface ColumnSeries extends Series {
  readonly columns: readonly Column[];
  /** Null when the function returns nothing. */
  readonly out: Column | null;
  readonly fresh: Uint8Array;
  /** What `out` and the places have to be, once the expected answers are known. */
  expected: {
    readonly out: Uint8Array | null;
    readonly places: Uint8Array;
    readonly of: readonly Answer[];
  } | null;
}

export interface ColumnSetting {
  readonly pool: Pool;
  readonly fn: RawFunction;
  readonly shape: RawShape;
  readonly description: FunctionDescription;
  readonly items: readonly GivenArguments[];
  readonly ignored: ReadonlySet<number>;
}

export class ColumnCalls implements LaneCalls<ColumnSeries> {
  made = 0;
  readonly longest: number;
  readonly keeps: boolean;
  readonly #setting: ColumnSetting;
  readonly #memory: ArgumentMemory;
  readonly #constants: bigint;
  readonly #places: Uint8Array;
  readonly #placesAt: bigint;
  /** Bytes of a returned value that are compared. */
  readonly #width: number;

  static async in(setting: ColumnSetting, native: NativeMemory): Promise<ColumnCalls> {
    const memory = new ArgumentMemory(setting.description, setting.shape, setting.items);
    const { parameters } = setting.shape;
    const most = parameters.includes('pointer') ? LONGEST.addresses : LONGEST.numbers;
    const longest =
      memory.stride === 0
        ? most
        : Math.max(1, Math.min(LONGEST.places, Math.floor(PLACES_BYTES / memory.stride)));
    const places = new Uint8Array(new SharedArrayBuffer(Math.max(16, longest * memory.stride)));
    // Each lane has its own constants: what one lane's calls do to them is nothing that lanes share.
    const constants = await native.allocate(memory.constants.length);
    await native.write(constants, memory.constants);
    return new ColumnCalls(setting, memory, longest, constants, places, await native.addressOf(places));
  }

  private constructor(
    setting: ColumnSetting,
    memory: ArgumentMemory,
    longest: number,
    constants: bigint,
    places: Uint8Array,
    placesAt: bigint,
  ) {
    this.#setting = setting;
    this.#memory = memory;
    this.longest = longest;
    // Places are those of the lane, for all series.
    this.keeps = memory.stride === 0;
    this.#constants = constants;
    this.#places = places;
    this.#placesAt = placesAt;
    const { returns } = setting.shape;
    this.#width = returns === 'void' || setting.ignored.has(-1) ? 0 : newColumn(returns, 1).BYTES_PER_ELEMENT;
  }

  prepare(items: Int32Array, period: number): ColumnSeries {
    const { returns } = this.#setting.shape;
    return {
      items,
      period,
      columns: this.#memory.columns(items, period, this.#constants, this.#placesAt),
      out: returns === 'void' ? null : newColumn(returns, items.length),
      fresh: this.#memory.freshPlaces(items),
      expected: null,
    };
  }

  async run({ columns, out, fresh }: ColumnSeries, from: number, to: number): Promise<void> {
    const { stride } = this.#memory;
    const { pool, fn } = this.#setting;
    if (stride > 0) this.#places.set(fresh.subarray(from * stride, to * stride), from * stride);
    const part = columns.map((column) => column.subarray(from, to));
    // The types of the columns follow from a declaration that is only known here.
    const map = pool.mapColumns.bind(pool) as (...given: unknown[]) => ReturnType<Pool['mapColumns']>;
    const run = map(fn, part, out === null ? null : out.subarray(from, to), { onError: 'skip' });
    await run;
    this.made += to - from;
  }

  differing(series: ColumnSeries, from: number, to: number, expected: readonly Answer[]): readonly number[] {
    if (series.expected?.of !== expected) series.expected = this.#expect(series, expected);
    const { stride } = this.#memory;
    const { out, places } = series.expected as NonNullable<ColumnSeries['expected']>;
    const width = this.#width;
    const sameOut = out === null || equal(bytesOf(series.out as Column), out, from * width, to * width);
    if (sameOut && equal(this.#places, places, from * stride, to * stride)) return [];
    const found: number[] = [];
    if (stride === 0 && out !== null) {
      const [seen, right] = [bitsOf((series.out as Column).buffer, width), bitsOf(out.buffer, width)];
      for (let at = from; at < to; at += 1) if (seen[at] !== right[at]) found.push(at);
      return found;
    }
    for (let at = from; at < to; at += 1) {
      if (!this.answer(series, at).equals(expected[series.items[at] as number] as Answer)) found.push(at);
    }
    return found;
  }

  answer({ out, items }: ColumnSeries, at: number): Answer {
    const { stride, pieces } = this.#memory;
    const answer = Buffer.alloc(this.#width + stride);
    if (this.#width > 0)
      answer.set(bytesOf(out as Column).subarray(at * this.#width, (at + 1) * this.#width));
    for (const { parameter, offset, lengths } of pieces) {
      if (this.#setting.ignored.has(parameter)) continue;
      const begin = at * stride + offset;
      answer.set(
        this.#places.subarray(begin, begin + Math.max(0, lengths[items[at] as number] as number)),
        this.#width + offset,
      );
    }
    return answer;
  }

  key(series: ColumnSeries, at: number): number {
    if (this.#width > 0 && this.#memory.stride === 0) {
      const value = Number((series.out as Column)[at]);
      if (Math.abs(value) < 2 ** 53) return value;
    }
    return hashOf(this.answer(series, at));
  }

  show(answer: Answer): string {
    const parts = Object.entries(this.decode(answer)).map(([name, value]) => {
      const text = value instanceof Uint8Array ? bytesText(value) : String(value);
      return name === 'value' ? text : `${name} = ${text}`;
    });
    return parts.join(', ');
  }

  decode(answer: Answer): Record<string, unknown> {
    const decoded: Record<string, unknown> = {};
    const { shape, description, ignored } = this.#setting;
    const value = (type: Scalar, bytes: Uint8Array): unknown => {
      const column = newColumn(type, 1);
      const all = bytesOf(column);
      all.set(bytes.subarray(0, all.length));
      return column[0];
    };
    if (this.#width > 0) decoded['value'] = value(shape.returns as Scalar, answer.subarray(0, this.#width));
    for (const { parameter, offset, lengths } of this.#memory.pieces) {
      if (ignored.has(parameter)) continue;
      const { name, kind, type } = description.parameters[
        parameter
      ] as FunctionDescription['parameters'][number];
      const bytes = answer.subarray(this.#width + offset, this.#width + offset + Math.max(...lengths));
      decoded[name === '' ? String(parameter) : name] =
        kind === 'buffer' ? bytes : value(type as Scalar, bytes);
    }
    return decoded;
  }

  #expect({ items, period, out }: ColumnSeries, expected: readonly Answer[]): ColumnSeries['expected'] {
    const { stride } = this.#memory;
    const width = this.#width;
    const values = out === null || width === 0 ? null : new Uint8Array(items.length * width);
    const places = new Uint8Array(items.length * stride);
    items.subarray(0, period).forEach((item, at) => {
      const answer = expected[item] as Answer;
      values?.set(answer.subarray(0, width), at * width);
      places.set(answer.subarray(width), at * stride);
    });
    if (values !== null) repeat(values, period * width);
    if (stride > 0) repeat(places, period * stride);
    return { out: values, places, of: expected };
  }
}

/** Memory as whole numbers of so many bytes. */
function bitsOf(memory: ArrayBufferLike, width: number): ArrayLike<number | bigint> {
  switch (width) {
    case 1:
      return new Uint8Array(memory);
    case 2:
      return new Uint16Array(memory);
    case 4:
      return new Uint32Array(memory);
    default:
      return new BigUint64Array(memory);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Column): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function equal(one: Uint8Array, other: Uint8Array, from: number, to: number): boolean {
  return Buffer.compare(one.subarray(from, to), other.subarray(from, to)) === 0;
}

/** Bytes as a text where they are one, with a limit. */
function bytesText(bytes: Uint8Array): string {
  const used = Buffer.from(bytes).toString('latin1').replace(/\0+$/, '');
  if (used !== '' && /^[\x20-\x7e]*$/.test(used)) return JSON.stringify(used.slice(0, 60));
  const hex = Buffer.from(bytes.subarray(0, 32)).toString('hex');
  return `hex:${hex}${bytes.length > 32 ? '…' : ''}`;
}
