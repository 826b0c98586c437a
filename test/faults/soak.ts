/**
 * The soak: many calls over a few process lanes, while lanes crash, hang and are killed at random; at the end every
 * call has ended once and as it should, the counters say so too, and nothing is left. A short one is a test, a long
 * one is scripts/soak.mjs.
 */
import type { EngineName, SettledCall } from '../../src/index.js';
import { type Figures, eventually, figures, newPool, watchChildren, words } from '../helpers/faults.js';
import { childrenOf, killAll, openDescriptors } from '../helpers/processes.js';
import { randomFrom } from '../helpers/talk.js';
import { type Act, type Acts, actsOn } from './soak-acts.js';

export interface SoakOptions {
  readonly calls: number;
  readonly seed: number;
  readonly engine: EngineName;
  readonly lanes?: number;
  /** Calls from one fault to the next, on average. */
  readonly every?: number;
  readonly inFlight?: number;
}

export interface SoakReport {
  /** What should not be; empty when all is well. */
  readonly problems: readonly string[];
  /** How the calls ended, counted from outside. */
  readonly ends: Readonly<Record<SettledCall<unknown>['status'], number>>;
  /** How often each act was done. */
  readonly acts: Readonly<Record<string, number>>;
  /** Lanes killed from outside, and calls that failed for it. */
  readonly killed: number;
  readonly collateral: number;
  readonly stats: Figures;
  readonly ms: number;
  /** ms from the start of a call that crashes at once to its rejection, in order. */
  readonly rejections: readonly number[];
}

const MOST_PROBLEMS = 20;

function choose(acts: Acts, random: () => number): readonly [name: string, act: Act] {
  let left = random() * acts.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight, act] of acts) {
    left -= weight;
    if (left < 0) return [name, act];
  }
  throw new Error('there are no acts');
}

const listeners = (): number =>
  process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);

/** Runs the soak. It throws nothing for what goes wrong: see `problems`. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { calls, seed, engine, lanes = 4, every = 300, inFlight = 64 } = options;
  const problems: string[] = [];
  const report = (problem: string): void => {
    if (problems.length < MOST_PROBLEMS) problems.push(problem);
  };
  // The first pool of a process loads what stays: an engine, memory that lanes share.
  const first = newPool({ isolation: 'process', lanes: 1 });
  await actsOn(first, engine);
  words();
  await first.close();
  const before = {
    descriptors: openDescriptors(),
    listeners: listeners(),
    children: childrenOf(process.pid),
  };
  const born = watchChildren();
  const pool = newPool({
    isolation: 'process',
    lanes,
    spares: 2,
    grace: 30,
    timeout: 60_000,
    stderr: 'capture',
    maxQueue: 10 * inFlight,
    maxDeaths: Infinity,
    recycleAfter: 700,
  });
  const { innocent, guilty } = await actsOn(pool, engine);
  const beyond = pool.stats().submitted;
  const beyondSucceeded = pool.stats().succeeded;

  const ends = { succeeded: 0, failed: 0, cancelled: 0, 'timed-out': 0 };
  const acts: Record<string, number> = {};
  const rejections: number[] = [];
  let [started, killed, collateral] = [0, 0, 0];

  const one = async (number: number): Promise<void> => {
    // Of its own for each call: what a call does is the same whenever it does it.
    const random = randomFrom(Math.imul(number + 1, 0x9e37_79b1) ^ Math.imul(seed, 0x85eb_ca6b));
    const fault = random() * every < 1;
    if (fault && random() < 0.1) {
      const children = born();
      const victim = children[Math.floor(random() * children.length)];
      if (victim !== undefined) {
        killAll([victim]);
        killed += 1;
      }
    }
    const [name, act] = choose(fault ? guilty : innocent, random);
    acts[name] = (acts[name] ?? 0) + 1;
    const { record, wrong } = await act(random, number);
    ends[record.status] += 1;
    if (name === 'crash') rejections.push(record.ranMs);
    if (wrong === undefined) return;
    // A lane that is killed from outside takes the call along that it runs, whatever that is.
    const signal = (record.error as { signal?: string } | undefined)?.signal;
    if (record.kind === 'crash' && signal === 'SIGKILL') collateral += 1;
    else report(`${name}: ${wrong}`);
  };
  const caller = async (): Promise<void> => {
    while (started < calls) {
      const number = started++;
      await one(number).catch((error: unknown) => report(`an act threw: ${String(error)}`));
    }
  };

  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, caller));
  const ms = performance.now() - start;

  const noLater = (holds: () => boolean, what: string | (() => string)): Promise<void> =>
    eventually(holds, what).catch(({ message }: Error) => report(message));
  await pool.drain();
  await noLater(
    () => figures(pool).lanes.idle === lanes && figures(pool).lanes.spare === 2,
    'every lane and spare',
  );
  const stats = figures(pool);
  const counted = {
    submitted: stats.submitted - beyond,
    succeeded: stats.succeeded - beyondSucceeded,
    failed: stats.failed,
    cancelled: stats.cancelled,
    timedOut: stats.timedOut,
    refused: stats.refused,
    pending: stats.queued + stats.waiting + stats.running + stats.lanes.lost,
  };
  const expected = {
    submitted: calls,
    succeeded: ends.succeeded,
    failed: ends.failed,
    cancelled: ends.cancelled,
    timedOut: ends['timed-out'],
    refused: 0,
    pending: 0,
  };
  if (JSON.stringify(counted) !== JSON.stringify(expected)) {
    report(`the counters are ${JSON.stringify(counted)} instead of ${JSON.stringify(expected)}`);
  }
  if (collateral > killed)
    report(`${killed} lanes were killed from outside, and ${collateral} calls failed for it`);
  await pool.close({ timeout: 5_000 });
  await noLater(() => born().length === 0, `no child to be left, of ${before.children.length} before`);
  const left = (): string =>
    openDescriptors()
      .filter((one) => !before.descriptors.includes(one))
      .join(', ');
  await noLater(
    () => openDescriptors().length <= before.descriptors.length,
    () =>
      `no descriptor to be left: ${openDescriptors().length - before.descriptors.length} more, new ones ${left()}`,
  );
  if (listeners() > before.listeners) report(`${listeners() - before.listeners} listeners are left`);
  rejections.sort((a, b) => a - b);
  return { problems, ends, acts, killed, collateral, stats, ms, rejections };
}
