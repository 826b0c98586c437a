/**
 * What a lane or a worker more costs in memory, for 1, 4 and 8 of them.
 *
 * Each pool is alone in a program of its own, and all of its lanes or workers
 * have koffi and the library loaded and have made a call. Measured from
 * outside, idle, is that process with all that it has started: their
 * proportional set size (PSS in /proc/PID/smaps_rollup), in which a page that n
 * processes share counts one n-th in each, so that what they share counts once;
 * and what offthread has set aside in files in memory, touched or not.
 *
 * The pages of the node binary are shared with every other node process of the
 * machine, too, this one at least, so the share of the program that is measured
 * depends on those. What is of no file on disk is its alone, so that is
 * compared; beside it is the resident set size, as tools show it, in which
 * shared pages count in every process again.
 *
 * offthread's process pool has its spare, one process beyond the lanes: it is
 * in the totals, and not in the slope.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { type Memory, memoryOf, tree } from '../../harness/processes/process-tree.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { interleave } from '../../harness/measure/rounds.js';
import { median, slope } from '../../harness/measure/statistics.js';
import type { ResidentName } from '../../peers/resources/residents.js';

const given = benchmarkArguments();
const LANES = given.quick ? [1, 2] : [1, 4, 8];
const ROUNDS = given.quick ? 1 : 2;
/** ms for a program to come to rest. */
const REST_MS = given.quick ? 300 : 600;
const PATIENCE_MS = 30_000;

const THREADS = ['offthread threads', 'piscina threads', 'tinypool worker_threads'] as const;
const PROCESSES = ['offthread processes', 'tinypool child_process', 'workerpool process'] as const;
const NAMES: readonly ResidentName[] = [...THREADS, ...PROCESSES];

const host = fileURLToPath(new URL('../../peers/resources/resident-host.js', import.meta.url));

async function allThere(program: ChildProcess, processes: number): Promise<number[]> {
  for (const end = performance.now() + PATIENCE_MS; ; await sleep(20)) {
    const found = tree(program.pid ?? NaN);
    if (found.length === processes + 1) return found;
    if (performance.now() > end) {
      throw new Error(`${program.spawnargs.join(' ')}: ${found.length - 1} processes, not ${processes}`);
    }
  }
}

async function measure(name: ResidentName, lanes: number): Promise<Memory> {
  const program = fork(host, [name, String(lanes)]);
  const ended = once(program, 'exit');
  const [{ processes }] = (await Promise.race([
    once(program, 'message'),
    ended.then(([code]) => {
      throw new Error(`${name} with ${lanes}: ended with ${String(code)}`);
    }),
  ])) as [{ processes: number }];
  await allThere(program, processes);
  await sleep(REST_MS);
  const memory = memoryOf(await allThere(program, processes));
  program.send('end');
  await ended;
  return memory;
}

interface Result {
  readonly name: ResidentName;
  /** Of each number of lanes, medians of the rounds. */
  readonly totals: readonly Memory[];
}

/** MB a lane. */
function slopeOf({ totals }: Result, read: (memory: Memory) => number): number {
  return slope(totals.map((memory, index) => [LANES[index] ?? NaN, read(memory)]));
}

function row(result: Result): Record<string, string | number> {
  const totals = result.totals.map(({ pss }, index) => [`${LANES[index]} of them`, pss] as const);
  return {
    contestant: result.name,
    ...Object.fromEntries(totals),
    'PSS a lane': slopeOf(result, ({ pss }) => pss),
    'of no file': slopeOf(result, ({ own }) => own),
    'RSS a lane': slopeOf(result, ({ rss }) => rss),
  };
}

/** A lane of ours, in MB of no file on disk and as a share of each peer's. */
function compare(report: Report, results: readonly Result[], names: readonly ResidentName[]): void {
  const [own, ...peers] = names.flatMap((name) => results.filter((result) => result.name === name));
  if (own === undefined) return;
  const mb = (result: Result): number => slopeOf(result, ({ own }) => own);
  const against = peers.map((peer) => `${(mb(own) / mb(peer)).toFixed(2)} times that of ${peer.name}`);
  report.say(`a lane of ${own.name}, ${mb(own).toFixed(1)} MB of no file: ${against.join(', ')}`);
}

const report = new Report('lane-memory', given);
if (existsSync('/proc/self/smaps_rollup')) {
  const subjects = NAMES.flatMap((name) => LANES.map((lanes) => ({ name, lanes })));
  const measured = await interleave(subjects, ROUNDS, ({ name, lanes }) => measure(name, lanes));
  const totalOf = (name: ResidentName, lanes: number): Memory => {
    const rounds = measured[subjects.findIndex((one) => one.name === name && one.lanes === lanes)] ?? [];
    const middle = (read: (memory: Memory) => number): number => median(rounds.map(read));
    return {
      pss: middle(({ pss }) => pss),
      own: middle(({ own }) => own),
      rss: middle(({ rss }) => rss),
    };
  };
  const results = NAMES.map((name) => ({ name, totals: LANES.map((lanes) => totalOf(name, lanes)) }));
  report.table(
    `MB (PSS) of a program with so many lanes or workers, medians of ${ROUNDS} rounds`,
    results.map(row),
    { plot: { value: 'PSS', unit: 'MB', better: 'lower', kind: 'lines' } },
  );
  report.say();
  compare(report, results, THREADS);
  compare(report, results, PROCESSES);
} else {
  report.say('memory is read from /proc/PID/smaps_rollup, which only Linux has');
}
report.end();
