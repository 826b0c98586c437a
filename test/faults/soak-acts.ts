/** What the soak does, one call each: innocent acts, whose answers are checked, and guilty ones, whose ends are. */
import { constants } from 'node:os';
import {
  type EngineName,
  type NativeCall,
  type Pool,
  type SettledCall,
  callback,
  chunks,
} from '../../src/index.js';
import { words } from '../helpers/faults.js';
import { FAULTS } from '../helpers/fault-functions.js';
import { BYTES, CHUNK, NUMBER } from '../helpers/talk.js';
import { testlib } from '../helpers/testlib.js';

/** An outcome: how the call ended, and what was wrong with that. */
export interface Outcome {
  readonly record: SettledCall<unknown>;
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

/** Opens the test library, and gives what can be done with it. */
export async function actsOn(pool: Pool, engine: EngineName): Promise<{ innocent: Acts; guilty: Acts }> {
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

  const innocent: Acts = [
    ['add', 60, (_, i) => value(lib.ot_add(i, 1), (got) => got === i + 1)],
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
  ];

  const guilty: Acts = [
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
