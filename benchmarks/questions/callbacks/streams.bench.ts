/**
 * Chunks that native code hands out through a callback: how many a second reach
 * the host, where each is counted and checked?
 *
 * The peer is what one writes without offthread: a worker of its own that calls
 * the same function by koffi, copies the bytes in the callback and posts a
 * message for each chunk: in a fresh buffer that is transferred, zeroed or not,
 * or from one buffer that `postMessage` clones. It does not wait for its reader, so its
 * chunks pile up in memory; the same again with a bound on what is unread, by a
 * counter in shared memory.
 *
 * Targets, read by `for await`: at least 5 times the best peer with chunks of 64
 * bytes, 1.5 times with 4 KB, and as fast with 64 KB and 1 MB.
 */
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { testlib } from '../../harness/paths.js';
import { collect } from '../../harness/processes/memory.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { interleave, ratios } from '../../harness/measure/rounds.js';
import { median, summary } from '../../harness/measure/statistics.js';
import { type Streamer, offthreadStreamers, postMessageStreamer } from '../../peers/callbacks/streamers.js';

const given = benchmarkArguments();
const ROUNDS = { full: 7, brief: 3, quick: 3 }[given.effort];
const WARM_UP_ROUNDS = { full: 2, brief: 1, quick: 1 }[given.effort];
/** Of a round: what the peers pile up at most. */
const ROUND_BYTES = { full: 2 ** 28, brief: 2 ** 27, quick: 2 ** 24 }[given.effort];
const ROUND_CHUNKS = { full: 200_000, brief: 50_000, quick: 10_000 }[given.effort];
/** What the bounded peer lets lie unread: offthread's default. */
const WINDOW = 64;
const SIZES: readonly { readonly size: number; readonly called: string; readonly wanted?: number }[] = [
  { size: 64, called: '64 bytes', wanted: 5 },
  { size: 1_024, called: '1 KB' },
  { size: 4_096, called: '4 KB', wanted: 1.5 },
  { size: 65_536, called: '64 KB', wanted: 1 },
  { size: 2 ** 20, called: '1 MB', wanted: 1 },
];

interface Round {
  /** Chunks per second. */
  readonly rate: number;
  /** µs of CPU for a chunk, of all threads: what other programs on the machine change least. */
  readonly cpuUs: number;
}

interface Result {
  readonly streamer: Streamer;
  readonly rates: readonly number[];
  readonly cpuUs: number;
}

async function run({ stream }: Streamer, count: number, size: number): Promise<Round> {
  // What others left behind is not this one's to collect.
  collect();
  const cpu = process.cpuUsage();
  const start = performance.now();
  await stream(count, size);
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { rate: count / seconds, cpuUs: (user + system) / count };
}

async function measure(size: number, called: string, wanted: number | undefined): Promise<void> {
  const count = Math.min(ROUND_CHUNKS, ROUND_BYTES / size);
  await interleave(streamers, WARM_UP_ROUNDS, (streamer) => run(streamer, count, size));
  const measured = await interleave(streamers, ROUNDS, (streamer) => run(streamer, count, size));
  const results: Result[] = streamers.map((streamer, index) => {
    const rounds = measured[index] ?? [];
    return {
      streamer,
      rates: rounds.map(({ rate }) => rate),
      cpuUs: median(rounds.map(({ cpuUs }) => cpuUs)),
    };
  });
  const sorted = results.toSorted((one, other) => median(other.rates) - median(one.rates));
  const best = sorted.find(({ streamer }) => !streamer.ours);
  report.table(
    `Chunks of ${called}, ${ROUNDS} rounds of ${count.toLocaleString('en')} in turns`,
    sorted.map((result) => {
      const { median: middle, least, most } = summary(result.rates);
      return {
        contestant: result.streamer.name,
        'chunks/s': middle,
        least,
        most,
        'MB/s': (middle * size) / 1e6,
        'CPU µs/chunk': result.cpuUs,
        'x best peer': median(ratios(result.rates, best?.rates ?? [])),
      };
    }),
    { plot: { value: 'chunks/s', unit: 'chunks/s', better: 'higher', scale: 'log' } },
  );
  const own = results.find(({ streamer }) => streamer === iterated);
  if (wanted === undefined || own === undefined || best === undefined) return;
  report.say();
  // The plain construction (memory of its own for each message), and the best that could be made of messages.
  const plain = results.find(({ streamer }) => streamer === transferring);
  for (const [peer, note] of [
    [plain, ''],
    [best, 'the best of them, '],
  ] as const) {
    const what = `chunks of ${called}, ${own.streamer.name} against ${note}${peer?.streamer.name}`;
    report.ratio(what, ratios(own.rates, peer?.rates ?? []), 'higher', wanted);
  }
}

const report = new Report('streams', given);
const ours = await offthreadStreamers(testlib);
const [iterated] = ours;
const inProcess = await offthreadStreamers(testlib, 'process');
const transferring = postMessageStreamer(testlib, 'transfer');
const streamers = [
  ...ours,
  ...inProcess,
  transferring,
  postMessageStreamer(testlib, 'transfer unzeroed'),
  postMessageStreamer(testlib, 'clone'),
  postMessageStreamer(testlib, 'transfer', WINDOW),
  postMessageStreamer(testlib, 'transfer unzeroed', WINDOW),
  postMessageStreamer(testlib, 'clone', WINDOW),
];
for (const { size, called, wanted } of SIZES) {
  // Brief is for what can be compared.
  if (given.effort !== 'brief' || wanted !== undefined) await measure(size, called, wanted);
}
for (const { close } of streamers) await close();
report.end();
