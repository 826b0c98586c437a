/** What peers' workers do beside adding two integers, by koffi. For piscina and tinypool each is found by its name. */
import { load } from 'koffi';
import { zlib } from '../libraries/zlib.js';

const library = load(process.env['BENCH_LIBRARY'] ?? '');
const nativeAdd = library.func('ot_add', 'int', ['int', 'int']) as (a: number, b: number) => number;
const nativeSleep = library.func('ot_sleep_ms', 'int', ['int']) as (ms: number) => number;
const strlen = library.func('ot_strlen', 'int', ['const char *']) as (text: string) => number;
const crc32 = load(zlib).func('crc32', 'ulong', ['ulong', 'const void *', 'uint32_t']) as (
  crc: number,
  bytes: Uint8Array,
  length: number,
) => number;
const hangUntil = library.func('ot_hang_until', 'int', ['const int32_t *', 'int']) as (
  release: Int32Array,
  maxMs: number,
) => number;

export type Pair = readonly [a: number, b: number];

export interface Columns {
  readonly a: Int32Array;
  readonly b: Int32Array;
}

/** Columns in shared memory, and which of their items are meant. */
export interface Range extends Columns {
  readonly out: Int32Array;
  readonly from: number;
  readonly to: number;
}

export const add = ([a, b]: Pair): number => nativeAdd(a, b);

export const sleep = (ms: number): number => nativeSleep(ms);

export const length = (text: string): number => strlen(text);

export const checksum = (bytes: Uint8Array): number => crc32(0, bytes, bytes.length);

/** Until the first word is not zero, for two minutes at most. */
export const hang = (release: Int32Array): number => hangUntil(release, 120_000);

export const addPairs = (pairs: readonly Pair[]): number[] => pairs.map(([a, b]) => nativeAdd(a, b));

/** The same of numbers side by side: a, b, a, b, … */
export function addPacked(packed: Int32Array): Int32Array {
  const sums = new Int32Array(packed.length / 2);
  for (let item = 0; item < sums.length; item += 1) {
    sums[item] = nativeAdd(packed[item * 2] ?? 0, packed[item * 2 + 1] ?? 0);
  }
  return sums;
}

export function addRange({ a, b, out, from, to }: Range): void {
  for (let item = from; item < to; item += 1) out[item] = nativeAdd(a[item] ?? 0, b[item] ?? 0);
}

export function addColumns({ a, b }: Columns): Int32Array {
  return a.map((value, item) => nativeAdd(value, b[item] ?? 0));
}
