/**
 * Start-up: how long from the import of a pool to its first answer?
 *
 * Each is alone in a program of its own, which has loaded nothing else. Its
 * lanes or workers load koffi (or ffi-rs) and the library, as many of them as
 * the pool has; the first answer comes from one of them. What Node itself takes
 * to start is not counted.
 *
 * The time in which a pool has been made is beside it: offthread's `open`
 * resolves when a lane is ready, the others start their workers behind the
 * scenes, and the first call waits for that.
 *
 * Target, with one lane: a thread lane answers at most 1.2 times as late as
 * piscina, whose worker loads koffi, and no later than that from Node.js 22 on;
 * a process lane at most 1.2 times as late as tinypool's child process.
 */
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { ask } from '../../harness/processes/child-program.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { interleave, ratios } from '../../harness/measure/rounds.js';
import { median, summary } from '../../harness/measure/statistics.js';
import { times } from '../../harness/report/table.js';
import { LONE_NAMES, type LoneName, isOurs } from '../../peers/libraries/lone.js';
import type { StartedUp } from '../../peers/resources/start-up-host.js';

const given = benchmarkArguments();
const ROUNDS = { full: 15, brief: 9, quick: 1 }[given.effort];
const LANES = given.effort === 'brief' ? [1] : [1, 2];
/** Who is compared, and the bound. */
const [major = 0] = process.versions.node.split('.').map(Number);
const THREADS = major < 22 ? 1.2 : 1;
const COMPARED: readonly (readonly [own: LoneName, peer: LoneName, bound: number])[] = [
  ['offthread (koffi)', 'piscina', THREADS],
  ['offthread (ffi-rs)', 'piscina', THREADS],
  ['offthread processes', 'tinypool child_process', 1.2],
];
const NAMES =
  given.effort === 'brief' ? [...new Set(COMPARED.flatMap(([own, peer]) => [own, peer]))] : LONE_NAMES;
const host = new URL('../../peers/resources/start-up-host.js', import.meta.url);

interface Started {
  readonly name: LoneName;
  readonly made: readonly number[];
  readonly answered: readonly number[];
}

async function measure(lanes: number): Promise<void> {
  const measured = await interleave(NAMES, ROUNDS, (name) => ask<StartedUp>(host, [name, String(lanes)]));
  const started = NAMES.map((name, index): Started => {
    const rounds = measured[index] ?? [];
    return { name, made: rounds.map(({ made }) => made), answered: rounds.map(({ answered }) => answered) };
  }).toSorted((one, other) => median(one.answered) - median(other.answered));
  report.table(
    `${lanes} ${lanes === 1 ? 'lane or worker' : 'lanes or workers'}, ${ROUNDS} rounds in turns, ms from import to first answer`,
    started.map(({ name, made, answered }) => {
      const { median: ms, least, most } = summary(answered);
      return { contestant: name, ms, least, most, 'ms until made': median(made) };
    }),
    { plot: { value: 'ms', unit: 'ms', better: 'lower' } },
  );
  report.say();
  if (lanes === 1) {
    const answeredBy = (wanted: LoneName): readonly number[] =>
      started.find(({ name }) => name === wanted)?.answered ?? [];
    for (const [own, peer, bound] of COMPARED) {
      const found = ratios(answeredBy(own), answeredBy(peer));
      report.ratio(`first answer of ${own} against ${peer}, 1 lane`, found, 'lower', bound);
    }
  }
  const quickest = started.find(({ name }) => !isOurs(name) && name !== 'koffi.async');
  for (const { name, answered } of started.filter((one) => isOurs(one.name))) {
    report.say(
      `${name} against ${quickest?.name}, the quickest pool: ${times(ratios(answered, quickest?.answered ?? []))}`,
    );
  }
}

const report = new Report('start-up', given);
for (const lanes of LANES) await measure(lanes);
report.end();
