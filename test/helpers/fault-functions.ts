/** The declarations of native/testlib for tests of lanes that die: without callbacks, so that every engine has them. */
import { constants } from 'node:os';
import type { Library } from 'offthread';

/** Ways to die, as native code takes them: see ot_die in offtest.h. */
export const byExit = (code: number): number => 1_000 + code;
export const byExitNow = (code: number): number => 2_000 + code;
export const bySignal = (name: NodeJS.Signals): number => constants.signals[name];
export const SEGV: number = bySignal('SIGSEGV');

export const FAULTS = {
  ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
  ot_process_id: { arguments: [], return: 'i32' },
  ot_sleep_ms: { arguments: ['i32'], return: 'i32' },
  ot_sleep_us: { arguments: ['i32'], return: 'i32' },
  ot_enter_and_wait: { arguments: ['buffer', 'buffer', 'i32'], return: 'i32' },
  ot_hang_until_file: { arguments: ['cstring', 'cstring', 'i32'], return: 'i32' },
  ot_spin_until_cancelled: { arguments: ['cancelFlag', 'i32'], return: 'i32' },
  ot_checksum: { arguments: ['buffer', 'u32'], return: 'u32' },
  ot_long_owned: { arguments: ['i32'], return: { cstring: { free: 'ot_free' } } },
  ot_print: { arguments: ['cstring'], return: 'i32' },
  ot_eat_memory: { arguments: ['i32'], return: 'i32' },
  ot_die: { arguments: ['i32'], return: 'i32' },
  ot_die_if: { arguments: ['i32', 'i32', 'i32'], return: 'i32' },
  ot_die_once: { arguments: ['cstring', 'i32'], return: 'i32' },
  ot_die_when: { arguments: ['buffer', 'buffer', 'i32'], return: 'i32' },
  ot_die_behind: { arguments: ['buffer', 'i32'], return: 'i32' },
  ot_die_at_exit: { arguments: ['i32'], return: 'i32' },
  ot_bad_text: { arguments: [], return: 'cstring' },
  ot_bad_text_if: { arguments: ['i32', 'i32'], return: 'cstring' },
  ot_endless_text: { arguments: ['i32'], return: 'cstring' },
  ot_complain: { arguments: ['cstring', 'i32', 'i32'], return: 'i32' },
  ot_complain_raw: { arguments: ['buffer', 'u32', 'i32'], return: 'i32' },
  ot_hang: { arguments: [], return: 'i32' },
  ot_hang_deaf: { arguments: ['buffer'], return: 'i32' },
  ot_ignore_cancel: { arguments: ['buffer', 'cancelFlag'], return: 'i32' },
  ot_hang_with: { arguments: ['buffer', 'u32', 'buffer'], return: 'i32' },
  ot_lock: { arguments: ['buffer', 'i32'], return: 'i32' },
  ot_unlock: { arguments: ['buffer'], return: 'i32' },
  ot_die_holding: { arguments: ['buffer', 'i32'], return: 'i32' },
  ot_close_descriptors: { arguments: ['i32'], return: 'i32' },
  ot_fork_holding: { arguments: ['i32'], return: 'i32' },
  ot_scribble: { arguments: ['buffer', 'i32', 'i32', 'u8'], return: 'i32' },
  ot_scribble_at: { arguments: ['buffer', 'u32', 'u32', 'u32'], return: 'i32' },
  ot_garble: { arguments: ['buffer', 'u32'], return: 'i32' },
  ot_limit_memory: { arguments: ['i32'], return: 'i32' },
  ot_take_memory: { arguments: ['i32'], return: 'i32' },
} as const;

export type Faults = Library<typeof FAULTS>;
