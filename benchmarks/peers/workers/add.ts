/** The native add of a peer's worker, by the FFI that its environment names. */
import { load } from 'koffi';
import { addByFfiRs } from '../ffi-rs.js';

const { BENCH_FFI, BENCH_LIBRARY } = process.env;

function addByKoffi(): (a: number, b: number) => number {
  return load(BENCH_LIBRARY ?? '').func('ot_add', 'int', ['int', 'int']) as (a: number, b: number) => number;
}

export const add: (a: number, b: number) => number = BENCH_FFI === 'ffi-rs' ? addByFfiRs : addByKoffi();
