/** Everybody who can have the length of a short text told by native code. */
import { load } from 'koffi';
import { createPool } from 'offthread';
import { testlib } from '../../harness/paths.js';
import type { Contestant, Ffi } from '../contestant.js';
import { linkFfiRs, textInNewThread } from '../libraries/ffi-rs-calls.js';
import { jobPools } from '../libraries/job-pools.js';
import { lengthenKoffiQueue, promised } from '../libraries/koffi-async.js';

/** Of 12 to 28 characters: what names, keys and paths have. A power of two of them. */
const TEXTS: readonly string[] = Array.from(
  { length: 64 },
  (_, number) => `${'abcdefghijklm'.slice(number % 13)} number ${number % 7}, ${'ok'.repeat(number % 3)}`,
);

/** The text of a call. */
export const textOf = (call: number): string => TEXTS[call % TEXTS.length] ?? '';
const expected = (call: number): number => textOf(call).length;

type Length = (text: string) => Promise<unknown>;

function contestant(
  given: Pick<Contestant, 'name' | 'ffi' | 'ours'>,
  length: Length,
  close: () => Promise<void> = async () => {},
): Contestant {
  return { ...given, call: (call) => length(textOf(call)), expected, close };
}

async function offthread(ffi: Ffi, lanes: number): Promise<Contestant> {
  const pool = createPool({ lanes, maxQueue: 32_768 });
  const { ot_strlen } = await pool.open(
    testlib,
    { ot_strlen: { arguments: ['cstring'], return: 'i32' } },
    { engine: ffi },
  );
  return contestant({ name: 'offthread', ffi, ours: true }, ot_strlen, () => pool.close());
}

export async function textField(workers: number): Promise<Contestant[]> {
  // First of all: see there.
  lengthenKoffiQueue();
  linkFfiRs(testlib);
  const ours = [await offthread('koffi', workers), await offthread('ffi-rs', workers)];
  const async = promised(load(testlib).func('ot_strlen', 'int', ['const char *']));
  return [
    ...jobPools(workers).map(({ name, run, close }) =>
      contestant({ name, ffi: 'koffi', ours: false }, (given) => run('length', given), close),
    ),
    contestant({ name: 'koffi.async', ffi: 'koffi', ours: false }, async),
    contestant({ name: 'ffi-rs runInNewThread', ffi: 'ffi-rs', ours: false }, textInNewThread),
    ...ours,
  ];
}
