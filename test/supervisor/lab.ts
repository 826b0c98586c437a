/** What the tests on real lanes share: a pool on the test library, and its figures. */
import { expect } from 'chai';
import { loadEngine } from '../../src/engines/load-engine.js';
import { type Library, type Pool, type PoolOptions, createPool } from 'offthread';
import { testlib } from '../helpers/testlib.js';
import { turns } from '../helpers/waiting.js';

const declarations = {
  add: { symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' },
  sleep: { symbol: 'ot_sleep_ms', arguments: ['i32'], return: 'i32' },
  busy: { symbol: 'ot_busy_us', arguments: ['u32'], return: 'u64' },
  /** Returns at once: 1 when its flag was up. Can be asked to stop, so a cancel never costs a lane. */
  flagged: { symbol: 'ot_slow_to_cancel', arguments: ['cancelFlag', 'i32'], return: 'i32' },
  /** Steps of some µs; fewer than asked for when it was stopped. */
  steps: {
    symbol: 'ot_spin_with_progress',
    arguments: ['cancelFlag', 'progress', 'i32', 'i32'],
    return: 'i32',
  },
  /** Adds 1 to its first word and waits for its second. Short while that is set; nobody can stop it otherwise. */
  enter: { symbol: 'ot_enter_and_wait', arguments: ['pointer', 'pointer', 'i32'], return: 'i32' },
  sum: { symbol: 'ot_sum_bytes', arguments: ['buffer', 'u64'], return: 'u64' },
} as const;

export type Native = Library<typeof declarations>;

/** Runs a test on a pool of its own, with koffi: it can be opened again and again while calls run. */
export async function withLanes(
  options: PoolOptions,
  test: (lib: Native, pool: Pool) => Promise<void>,
): Promise<void> {
  const pool = createPool(options);
  try {
    const lib = await pool.open(testlib, declarations, { engine: 'koffi' });
    // A test that blocks this thread leaves no lane the time to start.
    while (pool.stats().lanes.starting > 0) await turn();
    await test(lib, pool);
  } finally {
    await pool.close({ timeout: 2_000 });
  }
}

/** An int32 that native code and this thread both see, and its address. */
export class SharedWord {
  readonly #word: Int32Array = new Int32Array(new SharedArrayBuffer(4));
  readonly address: bigint = loadEngine('koffi').addressOf(new Uint8Array(this.#word.buffer));

  constructor(value = 0) {
    words.push(this);
    this.value = value;
  }

  get value(): number {
    return Atomics.load(this.#word, 0);
  }

  set value(value: number) {
    Atomics.store(this.#word, 0, value);
  }
}

/** Native code may hold the addresses for as long as it likes. */
const words: SharedWord[] = [];

/** Every call that was accepted has ended in exactly one way, and nothing is left (M27). */
export function expectSettled(pool: Pool, submitted: number, refused = 0): void {
  const stats = pool.stats();
  expect(stats.submitted, 'submitted').to.equal(submitted);
  expect(stats.refused, 'refused').to.equal(refused);
  expect(stats.succeeded + stats.failed + stats.cancelled + stats.timedOut, 'endings').to.equal(submitted);
  expect([stats.queued, stats.waiting, stats.running], 'left').to.deep.equal([0, 0, 0]);
}

/** The promise, or a rejection when it has not settled in time: a lost wake-up, a forgotten call. */
export async function inTime<T>(promise: PromiseLike<T>, what: string, ms = 3_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} came too late, or never`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return turns(1);
}
