/** Makes the calls of a leak check: as many as wanted, in one lane, with as little garbage as can be. */
import type { Column, Pool } from 'offthread';
import { openTarget } from '../../target/open-target.js';
import type { Target } from '../../target/target-options.js';
import { ArgumentMemory, type GivenArguments } from '../direct/argument-memory.js';
import { openSystemLibc } from '../direct/system-libc.js';
import { NativeMemory } from '../direct/allocated-memory.js';
import { type RawFunction, newColumn, openRaw, rawShape } from '../direct/raw-function.js';

export interface RepeatedCalls {
  /** Whether JavaScript in the lane makes garbage, whose memory comes and goes. */
  readonly garbage: boolean;
  /** Makes calls. */
  run(count: number): Promise<void>;
  /** As many calls of a function that does nothing. */
  idle(count: number): Promise<void>;
}

/** Calls of one run over columns, and bytes of what they fill, at most. */
const LONGEST = 65_536;
const PLACES_BYTES = 4 * 2 ** 20;
/** Ordinary calls that are under way at once. */
const AT_ONCE = 256;

export async function repeatedCalls(
  pool: Pool,
  target: Target,
  items: readonly GivenArguments[],
): Promise<RepeatedCalls> {
  const { description, declaration } = target;
  const libc = await openSystemLibc(pool);
  const shape = rawShape(description, declaration, 'unread');
  if (shape === null) {
    const { fn } = await openTarget(pool, target);
    let next = 0;
    return {
      garbage: true,
      run: (count) =>
        inGroups(count, () => {
          const given = items[next++ % items.length] as GivenArguments;
          // A failure is an answer like others.
          return fn(...given.map(ownCopy)).settled();
        }),
      idle: (count) => inGroups(count, () => libc.idle(1)),
    };
  }
  const fn = await openRaw(pool, target, shape);
  const native = await NativeMemory.in(pool);
  const memory = new ArgumentMemory(description, shape, items);
  const longest = Math.max(1, Math.min(LONGEST, Math.floor(PLACES_BYTES / Math.max(1, memory.stride))));
  const order = Int32Array.from({ length: longest }, (_, at) => at % items.length);
  const bytes = longest * memory.stride;
  const [constants, fresh, places] = [
    await native.allocate(memory.constants.length),
    await native.allocate(bytes),
    await native.allocate(bytes),
  ];
  await native.write(constants, memory.constants);
  await native.write(fresh, memory.freshPlaces(order));
  const columns = memory.columns(order, items.length, constants, places);
  const nothing = newColumn('i32', longest);
  const inRuns = async (count: number, called: RawFunction, given: readonly Column[]): Promise<void> => {
    for (let left = count; left > 0; ) {
      const part = Math.min(left, longest);
      if (memory.stride > 0) await native.copy(places, fresh, part * memory.stride);
      await mapped(pool, called, given, part);
      left -= part;
    }
  };
  return {
    garbage: false,
    run: (count) => inRuns(count, fn, columns),
    idle: (count) => inRuns(count, libc.idle as unknown as RawFunction, [nothing]),
  };
}

async function mapped(pool: Pool, fn: RawFunction, columns: readonly Column[], count: number): Promise<void> {
  const part = columns.map((column) => column.subarray(0, count));
  // The types of the columns follow from a declaration that is only known here. Results are not needed.
  const map = pool.mapColumns.bind(pool) as unknown as (...given: unknown[]) => Promise<unknown>;
  await map(fn, part, null);
}

async function inGroups(count: number, call: () => PromiseLike<unknown>): Promise<void> {
  for (let left = count; left > 0; left -= AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, call));
  }
}

function ownCopy(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}
