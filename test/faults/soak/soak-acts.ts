/** What the soak does, one call each: innocent acts, whose answers are checked, and guilty ones, whose ends are. */
import { constants } from 'node:os';
import {
  DeadlockError,
  type EngineName,
  LaneCrashedError,
  CallTimeoutError,
  type NativeCall,
  type Pool,
  type SettledCall,
  callback,
  chunks,
} from 'offthread';
import { words } from '../../helpers/faults.js';
import { FAULTS } from '../../helpers/fault-functions.js';
import { BYTES, CHUNK, NUMBER } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';

/** What is looked at of a call's end; a blocking call has no more. */
export interface Ended {
  readonly status: SettledCall<unknown>['status'];
  readonly kind?: string | undefined;
  readonly error?: unknown;
  readonly ranMs: number;
}

/** An outcome: how the call ended, and what was wrong with that. */
export interface Outcome {
  readonly record: Ended;
  /** Undefined where it ended as it should. */
  readonly wrong?: string | undefined;
}
export type Act = (random: () => number, number: number) => Promise<Outcome>;
/** Each with how often it is taken, in relation to the others. */
export type Acts = readonly (readonly [name: string, weight: number, act: Act])[];

const { SIGSEGV, SIGABRT, SIGKILL, SIGBUS } = constants.signals;
const DEATHS = [SIGSEGV, SIGABRT, SIGKILL, SIGBUS, 1_003, 2_007] as const;
const GUARD_MS = 120_000;

/** The call has to succeed, with this value. */
async function value<T>(call: NativeCall<T>, right: (value: T) => boolean): Promise<Outcome> {
  const record = await call.settled();
  if (record.status !== 'succeeded') return { record, wrong: `${record.status}: ${record.error.message}` };
  return { record, wrong: right(record.value) ? undefined : `a wrong answer: ${String(record.value)}` };
}

/** The call has to end in that way. */
async function ending(call: NativeCall<unknown>, status: string, kind: string): Promise<Outcome> {
  const record = await call.settled();
  const good = record.status === status && record.kind === kind;
  return { record, wrong: good ? undefined : `${record.status} (${record.kind}) instead of ${kind}` };
}

/**
 * A call that blocks this thread. That every lane waits for this thread is an
 * end of its own: then the call is refused.
 */
function blocked<T>(run: () => T, right: (value: T) => boolean, kind?: 'crash' | 'timeout'): Outcome {
  const start = performance.now();
  const ended = (status: Ended['status'], said?: string, error?: unknown): Ended => ({
    status,
    kind: said,
    error,
    ranMs: performance.now() - start,
  });
  try {
    const got = run();
    const record = ended('succeeded');
    if (kind !== undefined) return { record, wrong: `succeeded instead of ${kind}` };
    return { record, wrong: right(got) ? undefined : `a wrong answer: ${String(got)}` };
  } catch (error) {
    if (error instanceof DeadlockError) return { record: ended('failed', 'deadlock', error) };
    const said =
      error instanceof LaneCrashedError ? 'crash' : error instanceof CallTimeoutError ? 'timeout' : 'other';
    const record = ended(said === 'timeout' ? 'timed-out' : 'failed', said, error);
    return { record, wrong: said === kind ? undefined : String(error) };
  }
}

/** Whether the event loop has turned since the last call that blocked this thread. */
let turned = true;
/**
 * A blocking call settles others, whose continuations may block again before the event loop has its turn: with many
 * callers it would never have one, and what it alone can do (reap processes, give memory back) would not be done.
 */
function oncePerTurn(act: Act, otherwise: Act): Act {
  return (random, number) => {
    if (!turned) return otherwise(random, number);
    turned = false;
    setImmediate(() => (turned = true));
    return act(random, number);
  };
}

/** FNV-1a of zeros and one last byte, as ot_checksum computes it, without looking at each of them. */
function checksumOf(zeros: number, last: number): number {
  let [power, base, left] = [1, 16_777_619, zeros];
  for (; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power = Math.imul(power, base);
    base = Math.imul(base, base);
  }
  return Math.imul(Math.imul(2_166_136_261, power) ^ last, 16_777_619) >>> 0;
}

/** Bytes of the buffers that are large, and seldom twice as large as another. */
const LARGE_BYTES = { least: 1_000_000, most: 60_000_000 } as const;

/** Reads a stream; its chunks have to be whole, and in order. */
async function drain(stream: AsyncIterable<Buffer>, size: number): Promise<string | undefined> {
  let index = 0;
  try {
    for await (const chunk of stream) {
      if (chunk.length !== size || chunk[0] !== (index & 255) || chunk[size - 1] !== (index & 255)) {
        return `chunk ${index} is wrong`;
      }
      index += 1;
    }
  } catch {
    // How it ended is told by its result.
  }
  return undefined;
}

/** Opens the test library, and gives what can be done with it. Threads do not survive crashes: they have none. */
export async function actsOn(
  pool: Pool,
  engine: EngineName,
  isolation: 'thread' | 'process',
): Promise<{ innocent: Acts; guilty: Acts }> {
  const lib = await pool.open(
    testlib,
    {
      ...FAULTS,
      ot_fail: { arguments: ['i32'], return: 'i32', fails: 'nonzero' },
      ot_echo_owned: { arguments: ['cstring'], return: { cstring: { free: 'ot_free' } } },
      ot_call_callback: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
      ot_call_then_die: { arguments: [callback(NUMBER), 'i32', 'i32'], return: 'i32' },
      ot_call_doomed: { arguments: [callback(NUMBER), 'i32', 'buffer', 'i32'], return: 'i32' },
      ot_stream_chunks: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32'], return: 'i32' },
      ot_stream_then_die: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32', 'i32'], return: 'i32' },
    },
    { engine },
  );
  const bytes = Buffer.alloc(100_000, 'some bytes ');
  const sum = await lib.ot_checksum(bytes, bytes.length);
  const death = (random: () => number): number => DEATHS[Math.floor(random() * DEATHS.length)] ?? SIGSEGV;
  const crashing = (call: NativeCall<unknown>): Promise<Outcome> => ending(call, 'failed', 'crash');

  const add: Act = (_, i) => value(lib.ot_add(i, 1), (got) => got === i + 1);
  const innocent: Acts = [
    ['add', 60, add],
    ['text', 8, (_, i) => value(lib.ot_echo_owned(`text ${i}`), (got) => got === `text ${i}`)],
    [
      'long text',
      2,
      (_, i) => value(lib.ot_long_owned(5_000 + (i & 63)), (got) => got?.length === 5_000 + (i & 63)),
    ],
    ['bytes', 5, () => value(lib.ot_checksum(bytes, bytes.length), (got) => got === sum)],
    ['sleep', 4, (random) => value(lib.ot_sleep_us(Math.floor(random() * 300)), (got) => got >= 0)],
    ['failure', 3, (_, i) => ending(lib.ot_fail(1 + (i & 7)), 'failed', 'native')],
    [
      'host function',
      8,
      (_, i) =>
        value(
          lib.ot_call_callback(async (n) => n + i, 2),
          (got) => got === 1 + 2 * i,
        ),
    ],
    [
      'stream',
      4,
      async (random) => {
        const count = 1 + Math.floor(random() * 20);
        const stream = lib.ot_stream_chunks.stream(count, 500);
        const wrong = await drain(stream, 500);
        const outcome = await value(stream.result, (got) => got === count);
        return { record: outcome.record, wrong: outcome.wrong ?? wrong };
      },
    ],
    [
      'cancelled before it starts',
      3,
      (_, i) => {
        const call = lib.ot_add.with({ priority: -128 })(i, 1);
        call.cancel();
        return ending(call, 'cancelled', 'cancelled');
      },
    ],
    [
      'stopped by its flag',
      3,
      () => ending(lib.ot_spin_until_cancelled.with({ timeout: 2 })(GUARD_MS), 'timed-out', 'timeout'),
    ],
    [
      'blocking',
      4,
      oncePerTurn(
        async (_, i) =>
          blocked(
            () => lib.ot_add.blocking(i, 1),
            (got) => got === i + 1,
          ),
        add,
      ),
    ],
    [
      'large buffer',
      0.03,
      (random, i) => {
        const { least, most } = LARGE_BYTES;
        const large = Buffer.alloc(least + Math.floor(random() * (most - least)));
        const last = i & 255;
        large[large.length - 1] = last;
        const right = checksumOf(large.length - 1, last);
        return value(lib.ot_checksum(large, large.length), (got) => got === right);
      },
    ],
  ];
  // Comes back by itself: what a thread cannot be made to do.
  const slow: Acts = [
    [
      'late return',
      14,
      (random) =>
        ending(
          lib.ot_sleep_ms.with({ timeout: 20 })(100 + Math.floor(random() * 100)),
          'timed-out',
          'timeout',
        ),
    ],
    [
      'late return, blocking',
      4,
      async () =>
        blocked(
          () => lib.ot_sleep_ms.with({ timeout: 20 }).blocking(150),
          () => false,
          'timeout',
        ),
    ],
  ];
  if (isolation === 'thread') return { innocent, guilty: slow };

  const guilty: Acts = [
    ...slow,
    [
      'crash, blocking',
      8,
      async (random) =>
        blocked(
          () => lib.ot_die.blocking(death(random)),
          () => false,
          'crash',
        ),
    ],
    [
      'hang, blocking',
      4,
      async () =>
        blocked(
          () => lib.ot_hang.with({ timeout: 30 }).blocking(),
          () => false,
          'timeout',
        ),
    ],
    ['crash', 40, (random) => crashing(lib.ot_die(death(random)))],
    ['crash in an answer', 8, () => crashing(lib.ot_bad_text())],
    [
      'crash after a host function',
      8,
      (random) => crashing(lib.ot_call_then_die(async (n) => n, 2, death(random))),
    ],
    [
      'crash in a host function',
      8,
      () => {
        const how = words();
        const light = (): Promise<number> => new Promise(() => Atomics.store(how, 0, SIGSEGV));
        return crashing(lib.ot_call_doomed(light, 1, how, GUARD_MS));
      },
    ],
    [
      'crash in a stream',
      8,
      async (random) => {
        const stream = lib.ot_stream_then_die.stream(5, 500, death(random));
        const wrong = await drain(stream, 500);
        const outcome = await crashing(stream.result);
        return { record: outcome.record, wrong: outcome.wrong ?? wrong };
      },
    ],
    ['hang', 14, () => ending(lib.ot_hang.with({ timeout: 30 })(), 'timed-out', 'timeout')],
    [
      'hang, deaf to its flag',
      14,
      () => ending(lib.ot_ignore_cancel.with({ timeout: 30 })(words()), 'timed-out', 'timeout'),
    ],
  ];
  return { innocent, guilty };
}
