/** The declarations of native/testlib that the contract suite shares. */
import type { Library } from 'offthread';

export const OFFTEST = {
  ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
  ot_nothing: { arguments: [], return: 'void' },
  ot_sleep_ms: { arguments: ['i32'], return: 'i32' },
  ot_sleep_us: { arguments: ['i32'], return: 'i32' },
  ot_thread_id: { arguments: [], return: 'u64' },
  ot_process_id: { arguments: [], return: 'i32' },
  ot_use_stack: { arguments: ['i32'], return: 'i32' },
  /** Nobody can stop it but its gate. */
  ot_enter_and_wait: { arguments: ['buffer', 'buffer', 'i32'], return: 'i32' },
  ot_concurrent_enter_exit: { arguments: ['i32'], return: 'i32' },
  /** Shows that it runs by what it writes into its first buffer, and obeys its flag. */
  ot_fill_slowly: { arguments: ['buffer', 'u32', 'u8', 'i32', 'cancelFlag'], return: 'i32' },
  ot_spin_until_cancelled: { arguments: ['cancelFlag', 'i32'], return: 'i32' },
  ot_spin_with_progress: { arguments: ['cancelFlag', 'progress', 'i32', 'i32'], return: 'i32' },
  ot_slow_to_cancel: { arguments: ['cancelFlag', 'i32'], return: 'i32' },
  ot_job_run: {
    arguments: ['pointer', 'i32'],
    return: 'i32',
    onCancel: { symbol: 'ot_job_interrupt', arguments: [0] },
  },
  ot_job_run_forgetful: {
    arguments: ['pointer', 'i32'],
    return: 'i32',
    onCancel: { symbol: 'ot_job_interrupt', arguments: [0] },
  },
  ot_fail: { arguments: ['i32'], return: 'i32', fails: 'nonzero', lastError: 'ot_last_error' },
  ot_set_error: {
    arguments: ['i32', 'cstring'],
    return: 'i32',
    fails: 'nonzero',
    lastError: 'ot_last_error',
  },
  ot_fail_errno: { arguments: ['i32'], return: 'i32', fails: 'negative', errno: true },
} as const;

/** The library as the contract suite opens it. */
export type Offtest = Library<typeof OFFTEST>;
