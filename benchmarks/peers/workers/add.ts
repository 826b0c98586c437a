/** The native add of a peer's worker, by the FFI that its environment names. */
const { BENCH_FFI, BENCH_LIBRARY } = process.env;

type Add = (a: number, b: number) => number;

async function addByFfiRs(): Promise<Add> {
  return (await import('../libraries/ffi-rs-calls.js')).addByFfiRs;
}

async function addByKoffi(): Promise<Add> {
  const { load } = await import('koffi');
  return load(BENCH_LIBRARY ?? '').func('ot_add', 'int', ['int', 'int']) as Add;
}

// Only the one that is wanted: ffi-rs in a worker is fatal unless the host has it too.
export const add: Add = await (BENCH_FFI === 'ffi-rs' ? addByFfiRs() : addByKoffi());
