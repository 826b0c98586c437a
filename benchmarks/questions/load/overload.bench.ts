/**
 * More calls with a deadline than lanes can do: how many answers a second come
 * in time?
 *
 * Four lanes or workers; calls that block for 5 to 15 ms, 10 on average, so 400
 * a second is what there is. They are offered at a steady rate, below that and
 * above, each with a deadline of 100 ms. An answer is useful when it comes
 * within that. Without more, whoever takes every call has a queue that grows,
 * and answers everybody too late; a queue that ends calls at their deadline
 * starts them when next to nothing of it is left.
 *
 * `refuseLate` refuses at the door what would miss its deadline. A queue bounded
 * by hand does that too, as long as all calls take what they did when somebody
 * did the sums: here they do.
 *
 * Targets: at one and a half times and three times of what there is, 85 % of it
 * in useful answers, and at least twice those without `refuseLate`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { interleave, ratios } from '../../harness/measure/rounds.js';
import { median, percentile, summary } from '../../harness/measure/statistics.js';
import { type Overloaded, overloadedField } from '../../peers/load/overloaded.js';

const LANES = 4;
const RUN_MS = { least: 5, most: 15, mean: 10 } as const;
const DEADLINE_MS = 100;
const THERE_IS = (LANES * 1_000) / RUN_MS.mean;
const given = benchmarkArguments();
const ROUNDS = given.quick ? 1 : 4;
const ROUND_MS = given.quick ? 200 : 1_500;

interface Answer {
  /** ms from the call. */
  readonly ms: number;
  readonly answered: boolean;
}

interface Round {
  readonly useful: number;
  /** Of the answers and of what timed out: that came too late, or not at all. */
  readonly noMs: number;
  readonly late: number;
}

async function answerOf(one: Overloaded, ms: number): Promise<Answer> {
  const start = performance.now();
  const answered = await one.call(ms).then(
    () => true,
    () => false,
  );
  return { ms: performance.now() - start, answered };
}

/** Calls at a steady rate: what is due is made at each tick of 1 ms. */
async function round(one: Overloaded, perSecond: number): Promise<Round> {
  const calls: Promise<Answer>[] = [];
  const start = performance.now();
  for (let ms = 0; ms < ROUND_MS; ms = performance.now() - start) {
    while (calls.length < (ms * perSecond) / 1_000) {
      // Each time the same lengths, in an order that has no pattern of lanes in it.
      const length = RUN_MS.least + ((calls.length * 7) % (RUN_MS.most - RUN_MS.least + 1));
      calls.push(answerOf(one, length));
    }
    await sleep(1);
  }
  const seconds = (performance.now() - start) / 1_000;
  const answers = await Promise.all(calls);
  const useful = answers.filter(({ ms, answered }) => answered && ms <= DEADLINE_MS);
  const late = answers.filter(({ ms }) => ms > DEADLINE_MS);
  const noes = answers.filter(({ answered }) => !answered).map(({ ms }) => ms);
  return {
    useful: useful.length / seconds,
    late: late.length / seconds,
    noMs: noes.length === 0 ? 0 : percentile(noes, 0.5),
  };
}

const report = new Report('overload', given);
report.say(
  `${LANES} lanes, calls of ${RUN_MS.least} to ${RUN_MS.most} ms: ${THERE_IS} a second is what there is.`,
);
const field = await overloadedField(LANES, DEADLINE_MS, RUN_MS.mean);
// Warm: the threads are started, the function is measured.
for (const one of field) await round(one, THERE_IS / 2);
for (const load of [0.8, 1.5, 3]) {
  const measured = await interleave(field, ROUNDS, (one) => round(one, load * THERE_IS));
  const usefulOf = (index: number): number[] => (measured[index] ?? []).map(({ useful }) => useful);
  report.table(
    `${load} times what there is, ${load * THERE_IS} calls a second with ${DEADLINE_MS} ms each, ${ROUNDS} rounds in turns`,
    field
      .map((one, index) => {
        const { median: useful, least, most } = summary(usefulOf(index));
        const middle = (read: (round: Round) => number): number => median((measured[index] ?? []).map(read));
        return {
          contestant: one.name,
          'useful/s': useful,
          least,
          most,
          '% of what there is': (useful / THERE_IS) * 100,
          'too late/s': middle(({ late }) => late),
          'ms to a no': middle(({ noMs }) => noMs),
        };
      })
      .toSorted((one, other) => other['useful/s'] - one['useful/s']),
    { plot: { value: 'useful/s', unit: 'useful answers/s', better: 'higher' } },
  );
  report.say();
  if (load < 1) continue;
  const [refusing, without] = [usefulOf(0), usefulOf(1)];
  report.ratio(
    `useful answers/s at ${load} times what there is, of ${THERE_IS}`,
    refusing.map((useful) => useful / THERE_IS),
    'higher',
    0.85,
  );
  report.ratio(
    `useful answers/s at ${load} times what there is, against deadlines without refuseLate`,
    ratios(refusing, without),
    'higher',
    2,
  );
}
for (const { close } of field) await close();
report.end();
