/**
 * A reader that takes one chunk a millisecond from native code that would hand
 * out hundreds of thousands a second: does memory stay flat?
 *
 * What is unread is bounded by the stream's high-water mark; the bound in bytes
 * is that many chunks. Resident memory is that of the whole process, with what
 * it keeps of the chunks that were read and collected; it is looked at after a
 * warm-up, as it is and after a collection. For comparison the same loop without
 * native code, with buffers of its own in place of chunks.
 *
 * And the same reader behind a worker that posts a message a chunk
 * and waits for nobody, with chunks enough to show it and few enough to bear.
 *
 * Targets: memory is flat from the first sample to the last and to the greatest;
 * native code has handed out no more than was read and the high-water mark.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '../../../src/calls/call.js';
import { CallCancelledError, chunks, createPool } from 'offthread';
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { testlib } from '../../harness/paths.js';
import { collect, residentMb } from '../../harness/processes/memory.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { returned } from '../../harness/measure/returned.js';
import { slope } from '../../harness/measure/statistics.js';
import { figure } from '../../harness/report/table.js';
import { Tally } from '../../harness/measure/tally.js';
import { flood } from '../../peers/callbacks/flood.js';

const given = benchmarkArguments();
const CHUNK_BYTES = 65_536;
/** More than is ever handed out here. */
const ENDLESS = 2 ** 31 - 1;
const PAUSE_MS = 1;
const WARM_UP_MS = given.quick ? 1_000 : 5_000;
const MEASURED_MS = given.quick ? 2_000 : 10_000;
const SAMPLES = given.quick ? 5 : 11;
/** What a flat line may gain from the first sample. */
const RSS_SHARE = 0.1;
/** Of the worker without backpressure: 100 MB. */
const FLOOD_CHUNKS = given.quick ? 400 : 1_600;

interface Sample {
  readonly atMs: number;
  readonly read: number;
  /** MB, as it is and after a collection. */
  readonly resident: number;
  readonly collected: number;
}

interface Read {
  readonly samples: readonly Sample[];
  readonly read: number;
  /** Chunks that native code handed out, by its own count. */
  readonly handedOut: number;
  readonly highWaterMark: number;
}

async function look(startedAt: number, read: number): Promise<Sample> {
  const atMs = performance.now() - startedAt;
  const resident = residentMb();
  // Twice: buffers are freed in the background, after the collection that found them.
  collect();
  await sleep(20);
  collect();
  return { atMs, read, resident, collected: residentMb() };
}

/** Reads a chunk, sees to the samples, pauses: until all samples have been taken. */
async function readSlowly(chunks: AsyncIterable<Uint8Array>, tally: Tally): Promise<Sample[]> {
  const samples: Sample[] = [];
  const startedAt = performance.now();
  const dueAt = (sample: number): number => WARM_UP_MS + (MEASURED_MS / (SAMPLES - 1)) * sample;
  for await (const chunk of chunks) {
    tally.take(chunk);
    if (performance.now() - startedAt >= dueAt(samples.length)) {
      samples.push(await look(startedAt, tally.count));
      if (samples.length === SAMPLES) break;
    }
    await sleep(PAUSE_MS);
  }
  return samples;
}

/** Chunks that no native code has handed out. */
async function* ownBuffers(): AsyncGenerator<Uint8Array> {
  for (let index = 0; ; index += 1) yield new Uint8Array(CHUNK_BYTES).fill(index);
}

async function readStream(): Promise<Read> {
  const pool = createPool({ lanes: 1 });
  const { ot_stream_chunks } = await pool.open(
    testlib,
    {
      ot_stream_chunks: {
        arguments: [
          chunks({ arguments: ['i32', 'pointer', 'u32'], return: 'i32' }, { bytes: [1, 2], stop: 1 }),
          'i32',
          'i32',
        ],
        return: 'i32',
      },
    },
    { engine: 'koffi' },
  );
  const stream = ot_stream_chunks.with({ timeout: 0 }).stream(ENDLESS, CHUNK_BYTES);
  const tally = new Tally();
  const samples = await readSlowly(stream, tally);
  const cancelled = await stream.result.then(
    () => false,
    (error: unknown) => error instanceof CallCancelledError,
  );
  if (!cancelled) throw new Error('native code came to an end by itself');
  const { count, bytes, wrong } = tally;
  if (wrong > 0 || bytes !== count * CHUNK_BYTES) throw new Error(`${wrong} chunks were wrong`);
  const handedOut = Number(returned(stream.result as unknown as Call, 'i32'));
  if (handedOut < count) throw new Error(`${count} chunks were read, and native code says ${handedOut}`);
  await pool.close();
  return { samples, read: count, handedOut, highWaterMark: stream.highWaterMark };
}

const mb = (value: number): string => `${value >= 0 ? '+' : ''}${value.toFixed(1)} MB`;

/** First, last and greatest, in MB after a collection. */
function range(samples: readonly Sample[]): { first: number; last: number; most: number; growth: string } {
  const all = samples.map(({ collected }) => collected);
  const perMinute = slope(samples.map(({ atMs, collected }) => [atMs / 60_000, collected]));
  return {
    first: all[0] ?? NaN,
    last: all.at(-1) ?? NaN,
    most: Math.max(...all),
    growth: `${mb(perMinute)} a minute`,
  };
}

/** Chunks a second, while they were measured. */
function pace(samples: readonly Sample[]): number {
  return slope(samples.map(({ atMs, read }) => [atMs / 1_000, read]));
}

const report = new Report('slow-consumer', given);
const control = range(await readSlowly(ownBuffers(), new Tally()));
const { samples, read, handedOut, highWaterMark } = await readStream();
const boundMb = (highWaterMark * CHUNK_BYTES) / 2 ** 20;
report.table(
  `Chunks of ${CHUNK_BYTES / 1_024} KB, read with a pause of ${PAUSE_MS} ms after each, high-water mark ${highWaterMark}`,
  samples.map((one) => ({
    ms: one.atMs,
    'chunks read': one.read,
    'RSS MB': one.resident.toFixed(1),
    'RSS MB, collected': one.collected.toFixed(1),
  })),
);
const { first, last, most, growth } = range(samples);
report.say();
report.say(`read ${figure(pace(samples))} chunks a second, ${read.toLocaleString('en')} in all`);
report.say(`bound of what is unread: ${highWaterMark} chunks of ${CHUNK_BYTES / 1_024} KB, ${boundMb} MB`);
report.say(
  `the same loop with buffers of its own, before: first ${control.first.toFixed(1)}, ` +
    `last ${control.last.toFixed(1)}, most ${control.most.toFixed(1)} MB`,
);
report.target({
  what: 'resident memory while it is read',
  measured: `first ${first.toFixed(1)}, last ${last.toFixed(1)}, most ${most.toFixed(1)} MB, slope ${growth}`,
  wanted: `last and most at most ${RSS_SHARE * 100} % above first`,
  value: most / first,
  bound: 1 + RSS_SHARE,
  better: 'lower',
});
report.target({
  what: 'chunks handed out by native code when the reader stopped',
  measured: `${handedOut.toLocaleString('en')}: ${handedOut - read} more than were read`,
  wanted: `at most ${highWaterMark} more`,
  value: handedOut - read,
  bound: highWaterMark,
  better: 'lower',
});

const flooded = await flood(testlib, FLOOD_CHUNKS, CHUNK_BYTES, PAUSE_MS);
report.table('For comparison: a message a chunk without backpressure, the same reader', [
  {
    'chunks handed out': FLOOD_CHUNKS,
    'read by then': flooded.readAtEnd,
    'most unread': flooded.mostUnread,
    'that is MB': (flooded.mostUnread * CHUNK_BYTES) / 2 ** 20,
    'RSS MB, most': flooded.mostMb.toFixed(1),
  },
]);
report.end();
