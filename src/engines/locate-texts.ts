/** Finds arrays of strings that the host has written without knowing where this process has them. */
import { TextBlock } from '../declare/values/text-list.js';
import type { Engine } from './engine.js';
import type { Frame } from './frame.js';
import { nativeMemory } from './system/native-memory.js';

/**
 * Adds the address of a block to the offsets in it, once.
 * @param offset where the block is, in the lane's memory or behind it.
 * @returns the address of its list.
 */
export function locateTexts(engine: Engine, { memory, base }: Frame, offset: number): bigint {
  const start = base + BigInt(offset);
  const { u64 } = memory;
  if (offset < memory.buffer.byteLength) {
    const first = offset / 8;
    const end = first + Number(u64[first]);
    for (let at = first + 1; at <= end; at += 1) {
      if (u64[at] !== 0n) u64[at] = (u64[at] as bigint) + start;
    }
  } else nativeMemory(engine).shift(start, start);
  return start + BigInt(TextBlock.LIST);
}
