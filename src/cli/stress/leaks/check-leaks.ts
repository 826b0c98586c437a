/**
 * Whether memory in use grows with the calls.
 *
 *   how many calls a block has ──► blocks of the function and of a function that does nothing, in turns ──► verdict
 *     (so many ms, or so much growth)      each: memory before, calls, memory after
 *
 * In a process lane, so that a crash ends the check and not the command, and nothing else allocates beside it.
 */
import { ItemsError, LaneCrashedError, createPool } from 'offthread';
import { amount, plural } from '../../console/format.js';
import type { Target } from '../../target/target-options.js';
import type { GivenArguments } from '../direct/argument-memory.js';
import type { LeakVerdict } from '../verdict-types.js';
import { type GrowthVerdict, LEAST_BLOCKS, judgeGrowth } from './leak-statistics.js';
import { type MemoryInUse, type MemoryReader, memoryReader } from './memory-reader.js';
import { type RepeatedCalls, repeatedCalls } from './repeated-calls.js';

export interface LeakRequest {
  readonly target: Target;
  readonly items: readonly GivenArguments[];
  readonly durationMs: number;
  /** Ends the check early: then it is undecided. */
  readonly signal: AbortSignal;
  readonly onStep?: (step: string) => void;
}

/** Blocks of the function, as many of the other one beside them: enough for a median, and each with many calls. */
const BLOCKS = 48;
/** Bytes that memory may grow in a block: then it has fewer calls. */
const BLOCK_BYTES = 4 * 2 ** 20;
/** Growth below which memory that grows may be a cache, so that a check goes on, for so many times as long. */
const CACHE_BYTES = 32 * 2 ** 20;
const LONGER = 3;
const MOST_CALLS = 1_000_000;
/** Growth after which a check ends early. */
const ENOUGH_BYTES = 256 * 2 ** 20;
const ENOUGH_BLOCKS = 24;
/** Mappings that were not given back, after which it ends early: a process may have 65,530. */
const ENOUGH_MAPPINGS = 20_000;
const MAPPING = 4_096;

/** Growth in one block. */
interface Block {
  readonly calls: number;
  readonly used: number;
  readonly mapped: number | null;
}

export async function checkLeaks({
  target,
  items,
  durationMs,
  signal,
  onStep,
}: LeakRequest): Promise<LeakVerdict> {
  const pool = createPool({
    isolation: 'process',
    lanes: 1,
    spares: 0,
    timeout: 0,
    stderr: 'capture',
    stdout: 'stderr',
    name: 'leak',
  });
  let made = 0;
  let measure: LeakVerdict['measure'] = 'allocator';
  const undecided = (reason: string): LeakVerdict => ({
    verdict: 'undecided',
    reason,
    bytesPerCall: 0,
    interval: [0, 0],
    calls: made,
    measure,
  });
  try {
    onStep?.('memory in use, block by block');
    const calls = await repeatedCalls(pool, target, items);
    const [report] = await pool.laneReports();
    const reader = await memoryReader(pool, report?.pid ?? 0);
    measure = reader.measure;
    const blocks: Block[] = [];
    const idle: Block[] = [];
    const started = performance.now();
    const blockMs = durationMs / (2 * BLOCKS);
    let size = await sizeOfBlock(calls, reader, blockMs, (count) => (made += count));
    while (!isClear(blocks) && !signal.aborted) {
      const passed = performance.now() - started;
      if (passed > durationMs && (passed > LONGER * durationMs || !mayFill(blocks))) break;
      idle.push(await block(calls.idle, size, reader));
      const begun = performance.now();
      const grown = await block(calls.run, size, reader);
      blocks.push(grown);
      made += size;
      size = nextSize(grown, performance.now() - begun, blockMs);
    }
    // Memory that has not grown so far may still grow, and a cache may not be full.
    if (signal.aborted && !isClear(blocks))
      return undecided(`The check was interrupted after ${plural(made, 'call')}.`);
    return verdictOf(blocks, idle, { made, measure, garbage: calls.garbage });
  } catch (error) {
    const crash = error instanceof ItemsError ? error.cause : error;
    if (!(crash instanceof LaneCrashedError)) throw error;
    const how = crash.signal ?? `exit code ${crash.exitCode}`;
    return undecided(`The function ended its process (${how}) before the memory was measured.`);
  } finally {
    await pool.destroy();
  }
}

async function block(
  run: (count: number) => Promise<void>,
  calls: number,
  reader: MemoryReader,
): Promise<Block> {
  const before = await reader.read();
  await run(calls);
  return grown(calls, before, await reader.read());
}

function grown(calls: number, before: MemoryInUse, after: MemoryInUse): Block {
  const mapped = before.mapped === null || after.mapped === null ? null : after.mapped - before.mapped;
  return { calls, used: after.used - before.used, mapped };
}

/** As many calls as a block has time for. These are the first ones, in which libraries set themselves up. */
async function sizeOfBlock(
  { run, idle }: RepeatedCalls,
  reader: MemoryReader,
  blockMs: number,
  made: (count: number) => void,
): Promise<number> {
  await idle(16);
  for (let size = 1; ; size *= 4) {
    const started = performance.now();
    const { used, mapped } = await block(run, size, reader);
    made(size);
    const ms = performance.now() - started;
    if (ms > blockMs / 4 || Math.max(used, mapped ?? 0) > BLOCK_BYTES / 8 || size >= MOST_CALLS) {
      return Math.max(1, Math.min(MOST_CALLS, Math.round((size * blockMs) / Math.max(ms, blockMs / 4))));
    }
  }
}

/** Calls of the next block: as many as its time and its growth allow, and no sudden change. */
function nextSize({ calls, used, mapped }: Block, ms: number, blockMs: number): number {
  const bytes = Math.max(used, mapped ?? 0);
  const factor = Math.min(2, blockMs / ms, bytes > 0 ? BLOCK_BYTES / bytes : 2);
  return Math.max(1, Math.min(MOST_CALLS, Math.floor(calls * Math.max(0.5, factor))));
}

/** Whether memory still grows, but so little in all that it may be a cache that fills. */
function mayFill(blocks: readonly Block[]): boolean {
  const last = blocks.slice(-4);
  const all = blocks.reduce((sum, { used }) => sum + used, 0);
  return all < CACHE_BYTES && last.every(({ used }) => used > 0);
}

/** Whether every block so far has grown, and more would only use up memory. */
function isClear(blocks: readonly Block[]): boolean {
  if (blocks.length < ENOUGH_BLOCKS) return false;
  const sum = (of: (one: Block) => number): number => blocks.reduce((all, one) => all + of(one), 0);
  const used = sum(({ used: bytes }) => bytes);
  const mapped = sum(({ mapped: bytes }) => bytes ?? 0);
  return used > ENOUGH_BYTES || mapped > ENOUGH_BYTES || mapped / MAPPING > ENOUGH_MAPPINGS;
}

function verdictOf(
  blocks: readonly Block[],
  idle: readonly Block[],
  {
    made,
    measure,
    garbage,
  }: { readonly made: number; readonly measure: LeakVerdict['measure']; readonly garbage: boolean },
): LeakVerdict {
  const perCall = (of: (one: Block) => number | null, list: readonly Block[]): number[] =>
    list.map((one) => (of(one) ?? 0) / one.calls);
  const calls = Math.max(1, ...blocks.map((one) => one.calls));
  const used = judgeGrowth({
    blocks: perCall((one) => one.used, blocks),
    idle: perCall((one) => one.used, idle),
    least: (measure === 'allocator' ? 512 : 65_536) / calls,
  });
  // Where JavaScript makes garbage, its heap is mapped and unmapped beside the library's memory.
  const isMapped = !garbage && blocks.every(({ mapped }) => mapped !== null);
  const mapped = judgeGrowth({
    blocks: isMapped ? perCall((one) => one.mapped, blocks) : [],
    idle: isMapped ? perCall((one) => one.mapped, idle) : [],
    least: (8 * MAPPING) / calls,
  });
  const chosen = mapped.verdict === 'leaks' && used.verdict !== 'leaks' ? mapped : used;
  return {
    verdict: chosen.verdict,
    reason: reasonOf(used, mapped, { made, measure, blocks: blocks.length }),
    bytesPerCall: chosen.bytesPerCall,
    interval: chosen.interval,
    calls: made,
    measure,
  };
}

function reasonOf(
  used: GrowthVerdict,
  mapped: GrowthVerdict,
  {
    made,
    measure,
    blocks,
  }: { readonly made: number; readonly measure: LeakVerdict['measure']; readonly blocks: number },
): string {
  const weaker =
    measure === 'resident'
      ? ' This is the resident size, a weaker measure: the allocator does not count its bytes here.'
      : '';
  const growth = ({ bytesPerCall, interval: [low, high] }: GrowthVerdict): string =>
    `${amount(bytesPerCall)} bytes a call (${amount(low)} to ${amount(high)})`;
  if (used.verdict === 'leaks')
    return `Memory in use grows by ${growth(used)}, to the end of ${plural(made, 'call')}.${weaker}`;
  if (mapped.verdict === 'leaks')
    return `Mappings grow by ${growth(mapped)}, to the end of ${plural(made, 'call')}.`;
  if (used.verdict === 'no-leak-found')
    return `Memory in use has stopped growing, or never grew, in ${plural(made, 'call')}.${weaker}`;
  return blocks < LEAST_BLOCKS
    ? `There were only ${plural(blocks, 'block')} of calls, which is too few for a verdict. Run it for longer.${weaker}`
    : `Memory in use changes by ${growth(used)}, too unevenly for a verdict. Run it for longer.${weaker}`;
}
