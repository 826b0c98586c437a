/**
 * The soak: many calls over a few lanes, while lanes crash, hang and are killed at random, libraries are opened late,
 * and calls block this thread; at the end every call has ended once and as it should, the counters say so too, nothing
 * stood still, and nothing is left. A short one is a test, a long one is scripts/soak.mjs.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { CallTrace, EngineName, Pool, PoolStats, SettledCall } from 'offthread';
import { newPool, watchChildren, words } from '../../helpers/faults.js';
import { childrenOf, killAll, openDescriptors } from '../../helpers/processes.js';
import { randomFrom } from '../../helpers/talk.js';
import { type Act, type Acts, actsOn } from './soak-acts.js';
import type { LaneKind } from '../../helpers/lane-kind.js';
import { until } from '../../helpers/waiting.js';

export interface SoakOptions {
  readonly calls: number;
  readonly seed: number;
  readonly engine: EngineName;
  /** `process` by default. */
  readonly isolation?: LaneKind;
  /** ms after which no more calls are made, however many there have been. */
  readonly duration?: number;
  /** Libraries opened while calls run, evenly over the run. 20 by default. */
  readonly opens?: number;
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
  readonly stats: PoolStats;
  readonly ms: number;
  readonly calls: number;
  /** Libraries that were opened while calls ran. */
  readonly opened: number;
  /** The longest time that a blocking call has blocked this thread, in ms: it waits in the queue like any other. */
  readonly blockedMs: number;
  /**
   * The longest time without the end of any call, in ms, the function whose call ended it, and what was told of lanes
   * meanwhile. Ends are counted when calls settle: also while this thread blocks, and nobody hears of them yet.
   */
  readonly stall: { readonly ms: number; readonly until: string; readonly meanwhile: readonly string[] };
  /** The largest resident size of this process, in bytes. */
  readonly residentBytes: number;
  /** ms from the start of a call that crashes at once to its rejection, in order. */
  readonly rejections: readonly number[];
}

const MOST_PROBLEMS = 20;
/** Published when a call settles. */
const ENDS = 'tracing:offthread:call:asyncStart';
/** Events of lanes that are kept, for what is told of a stall. */
const MOST_NEWS = 60;
/** A late return takes 100 ms at least, and has a timeout of 20 ms. */
const HELD_UP_MS = 60;
/** What is opened late: each is there on this system, and needs nothing. */
const LATE = { arguments: ['f64'], return: 'f64' } as const;
const LATE_LIBRARY = process.platform === 'darwin' ? '/usr/lib/libSystem.B.dylib' : 'libm.so.6';

function choose(acts: Acts, random: () => number): readonly [name: string, act: Act] {
  let left = random() * acts.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight, act] of acts) {
    left -= weight;
    if (left < 0) return [name, act];
  }
  throw new Error('there are no acts');
}

/** What a pool tells of its lanes: the last of it that came within a time, by its ms after the start of that time. */
function newsOf(pool: Pool): (from: number, to: number) => string[] {
  const kept: { at: number; text: string }[] = [];
  const note = (text: string): void => {
    kept.push({ at: performance.now(), text });
    if (kept.length > MOST_NEWS) kept.shift();
  };
  pool.on('lane-ready', ({ lane }) => note(`${lane} ready`));
  pool.on('lane-lost', ({ lane }) => note(`${lane} lost`));
  pool.on('lane-crashed', ({ lane, error }) => note(`${lane} crashed in ${error.phase}`));
  pool.on('lane-recovered', ({ lane }) => note(`${lane} recovered`));
  pool.on('lane-recycled', ({ lane }) => note(`${lane} recycled`));
  pool.on('lane-restarting', ({ delayMs }) => note(`restarting in ${delayMs} ms`));
  return (from, to) =>
    kept
      .filter(({ at }) => at >= from && at <= to)
      .map(({ at, text }) => `${Math.round(at - from)} ms: ${text}`);
}

const listeners = (): number =>
  process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);

/** Runs the soak. It throws nothing for what goes wrong: see `problems`. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { calls: most, seed, engine, isolation = 'process', duration = Infinity } = options;
  const { opens = 20, lanes = 4, every = 300, inFlight = 64 } = options;
  const problems: string[] = [];
  const report = (problem: string): void => {
    if (problems.length < MOST_PROBLEMS) problems.push(problem);
  };
  // The first pool of a process loads what stays: an engine, memory that lanes share.
  const first = newPool({ isolation, lanes: 1 });
  await actsOn(first, engine, isolation);
  words();
  await first.close();
  const before = {
    descriptors: openDescriptors(),
    listeners: listeners(),
    children: childrenOf(process.pid),
  };
  const born = watchChildren();
  const pool = newPool({
    isolation,
    lanes,
    grace: 30,
    timeout: 60_000,
    maxQueue: 10 * inFlight,
    ...(isolation === 'process'
      ? { spares: 2, stderr: 'capture', maxDeaths: Infinity, recycleAfter: 700 }
      : { maxLostLanes: 64 }),
  });
  const { innocent, guilty } = await actsOn(pool, engine, isolation);
  const beyond = pool.stats().submitted;
  const beyondSucceeded = pool.stats().succeeded;

  const ends = { succeeded: 0, failed: 0, cancelled: 0, 'timed-out': 0 };
  const acts: Record<string, number> = {};
  const rejections: number[] = [];
  let [started, killed, collateral, opened, residentBytes] = [0, 0, 0, 0, 0];
  const start = performance.now();
  let lastEnd = start;
  let stall: SoakReport['stall'] = { ms: 0, until: '', meanwhile: [] };
  const news = newsOf(pool);
  let blockedMs = 0;
  /** When this thread last went on after it had done nothing for so long that a late return comes before its timeout is looked at. */
  let heldUpAt = -Infinity;
  const onEnd = (trace: unknown): void => {
    const name = (trace as CallTrace).symbol;
    const now = performance.now();
    if (now - lastEnd > stall.ms) stall = { ms: now - lastEnd, until: name, meanwhile: news(lastEnd, now) };
    if (now - lastEnd > HELD_UP_MS) heldUpAt = now;
    lastEnd = now;
  };
  /** How far the run is, 0 to 1: by its calls, or by its time. */
  const progress = (): number =>
    Math.max(started / most, duration === Infinity ? 0 : (performance.now() - start) / duration);
  const late = async (): Promise<void> => {
    const { floor } = await pool.open(LATE_LIBRARY, { floor: LATE }, { engine });
    const record = await floor(2.5).settled();
    ends[record.status] += 1;
    const crashed = record.kind === 'crash' && (record.error as { signal?: string }).signal === 'SIGKILL';
    if (crashed) collateral += 1;
    else if (record.value !== 2) report(`late open: ${record.status} ${String(record.error?.message)}`);
  };

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
    const began = performance.now();
    const { record, wrong } = await act(random, number);
    ends[record.status] += 1;
    if (name.includes('blocking')) blockedMs = Math.max(blockedMs, record.ranMs);
    if (name === 'late return' && record.status === 'succeeded' && heldUpAt > began) return;
    if (name === 'crash') rejections.push(record.ranMs);
    if (wrong === undefined) return;
    // A lane that is killed from outside takes the call along that it runs, whatever that is.
    const signal = (record.error as { signal?: string } | undefined)?.signal;
    if (record.kind === 'crash' && signal === 'SIGKILL') collateral += 1;
    else report(`${name}: ${wrong}`);
  };
  const caller = async (): Promise<void> => {
    while (started < most && progress() < 1) {
      const number = started++;
      await one(number).catch((error: unknown) => report(`an act threw: ${String(error)}`));
      if (number % 1_000 === 0) residentBytes = Math.max(residentBytes, process.memoryUsage.rss());
      if (opened >= Math.floor(progress() * opens)) continue;
      opened += 1;
      await late().catch((error: unknown) => report(`an open failed: ${String(error)}`));
    }
  };

  subscribe(ENDS, onEnd);
  await Promise.all(Array.from({ length: inFlight }, caller));
  unsubscribe(ENDS, onEnd);
  const ms = performance.now() - start;
  const calls = started + opened;

  const noLater = (holds: () => boolean, what: string | (() => string)): Promise<void> =>
    until(holds, what).catch(({ message }: Error) => report(message));
  await pool.drain();
  await noLater(() => {
    const { idle, spare, lost } = pool.stats().lanes;
    return idle === lanes && lost === 0 && spare === (isolation === 'process' ? 2 : 0);
  }, 'every lane and spare');
  const stats = pool.stats();
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
    report(`${killed} lanes were killed from outside, and ${collateral} calls failed because of that`);
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
  return {
    problems,
    ends,
    acts,
    killed,
    collateral,
    stats,
    ms,
    calls,
    opened,
    stall,
    blockedMs,
    residentBytes,
    rejections,
  };
}
