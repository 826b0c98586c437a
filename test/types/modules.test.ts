/** Types of modules' functions follow from the module: B11, B13. Compiled, never run. */
import type { KeptValue, NativeCall, NativeStream, Pool } from 'offthread';
import { transfer } from 'offthread';
import type * as Work from '../fixtures/modules/work.js';

type Is<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
/** Takes `true` only. */
const is = (same: true): true => same;

export async function typed(pool: Pool): Promise<void> {
  const work = await pool.module<typeof Work>(new URL('work.js', import.meta.url));
  const sum = work.add(1, 2);
  is(true satisfies Is<typeof sum, NativeCall<number>>);
  // @ts-expect-error a text is no number
  void work.add('1', 2);
  // @ts-expect-error a constant is no function
  void work.VERSION;
  const numbers = work.count.stream(3);
  is(true satisfies Is<typeof numbers, NativeStream<number, string>>);
  // @ts-expect-error only generators stream
  void work.add.stream(1, 2);
  void work.count.with({ onChunk: (value: number) => value, timeout: 5 })(3);
  void work.visit([1], (value: number) => value * 2);
  void work.visit([1], async (value: number) => await Promise.resolve(value));
  // @ts-expect-error the function is to return a number
  void work.visit([1], () => 'text');
  const bytes = new Uint8Array(8);
  void work.paint(transfer(bytes), 1);
  void work.paint(transfer(bytes, [bytes.buffer]), 1);
  const counter = await work.counter();
  is(true satisfies Is<number, Awaited<ReturnType<typeof work.increase>>>);
  void work.increase(counter, 1);
  const blocked = work.later.blocking('a');
  is(true satisfies Is<typeof blocked, unknown>);
  const kept: KeptValue<{ name: string }> = await work.tagged('a');
  void work.nameOf(kept);
  const untyped = await pool.module('./anything.js');
  const result: unknown = await untyped['any']?.(1, 'two');
  void result;
}
