/** A task that blocks its worker in native code. */
import { load } from 'koffi';

const sleep = load(process.env['BENCH_LIBRARY'] ?? '').func('ot_sleep_ms', 'int', ['int']) as (
  ms: number,
) => number;

export default (ms: number): number => sleep(ms);
