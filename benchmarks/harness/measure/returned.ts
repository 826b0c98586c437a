/** What native code returned from a call that was cancelled: its caller is not told, the call's row is. */
import type { Call } from '../../../src/calls/call.js';
import { RowDouble } from '../../../src/shared/memory/layout.js';

/** @param call that has ended, the last one of its lane. */
export function returned(call: Call, type: 'i32' | 'u64'): bigint {
  const { lane, sequence } = call;
  if (lane === null) throw new Error('the call never ran');
  const { memory } = lane.ring;
  const at = memory.rowDouble(sequence) + RowDouble.RESULT;
  return type === 'u64' ? (memory.u64[at] ?? 0n) : BigInt(memory.i32[at * 2] ?? 0);
}
