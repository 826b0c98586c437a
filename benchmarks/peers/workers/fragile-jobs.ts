/** Tasks that end their process, or hang in it. For tinypool each is found by its name. */
import { writeFileSync } from 'node:fs';
import { load } from 'koffi';

const library = load(process.env['BENCH_LIBRARY'] ?? '');
const nativeProcessId = library.func('ot_process_id', 'int', []) as () => number;
const nativeCrash = library.func('ot_crash_segv', 'int', []) as () => number;
const ignoreCancel = library.func('ot_ignore_cancel', 'int', ['int32_t *', 'int32_t *']) as (
  entered: Int32Array,
  flag: Int32Array,
) => number;

export const processId = (): number => nativeProcessId();
export const crash = (): number => nativeCrash();

/** @param mark a file to make just before. */
export function hang(mark: string): number {
  writeFileSync(mark, '');
  return ignoreCancel(new Int32Array(1), new Int32Array(1));
}
