/**
 * The demo: `npm run demo`.
 *
 * Checksums and compresses this project's own files with the system's zlib,
 * on the main thread and in lanes, and shows what the event loop could do
 * meanwhile. Then it ends two native calls before their time.
 */
import { availableParallelism } from 'node:os';
import { createPool, type OffthreadError, type Pool } from '../index.js';
import { type SourceFile, projectFiles } from './files.js';
import { bar, count, duration, pad, plural, size, table } from './format.js';
import { type Pulse, delayAt, onTime, strip, underPulse } from './heartbeat.js';
import { Screen } from './screen.js';
import { cancelReceive, outstaySleep } from './stopping-scene.js';
import { type Libc, type Zlib, openLibc, openZlib } from './system-libraries.js';
import { LEVELS, type Task, runInLanes, tasksFor } from './workload.js';

const TICK_MS = 10;
/** ms of native work that each side of the comparison is given. */
const WORK_MS = 1_500;
const CANCEL_AFTER_MS = 100;
const SLEEP_MS = 1_000;
const SLEEP_TIMEOUT_MS = 250;
/** Lanes that are plenty for this. */
const MOST_LANES = 16;

const screen = new Screen();
const strong = (text: string): string => screen.paint('strong', text);
const dim = (text: string): string => screen.paint('dim', text);
const good = (text: string): string => screen.paint('good', text);
const bad = (text: string): string => screen.paint('bad', text);

function title(text: string): void {
  screen.line();
  screen.line(strong(text));
}

function progress(label: string, done: number, total: number, note: string): void {
  const figures = `${pad(count(done), count(total).length, 'left')} of ${count(total)}`;
  screen.move(`  ${label}  ${bar(done / total, 24)}  ${figures}  ${dim(note)}`);
}

/** The native work several times over, so that there is enough of it to see. */
async function prepare(
  zlib: Zlib,
  files: readonly SourceFile[],
  lanes: number,
): Promise<{ once: Task[]; all: Task[] }> {
  screen.move(dim('  warming up'));
  const once = tasksFor(zlib, files);
  const ranMs = await runInLanes(once, lanes);
  const passes = Math.min(100, Math.max(1, Math.round(WORK_MS / ranMs)));
  for (const task of once) task.clear();
  screen.still();
  return { once, all: Array.from({ length: passes }, () => once).flat() };
}

async function onMainThread(tasks: readonly Task[]): Promise<Pulse> {
  progress('on the main thread', 0, tasks.length, 'cannot move: the thread is busy');
  const pulse = await underPulse(TICK_MS, () => {
    for (const task of tasks) task.runBlocking();
  });
  screen.still();
  return pulse;
}

async function inLanes(tasks: readonly Task[], lanes: number): Promise<Pulse> {
  const label = `in ${plural(lanes, 'lane')}`;
  let done = 0;
  let shownAt = 0;
  const beat = (): void => {
    if (performance.now() - shownAt < 40) return;
    shownAt = performance.now();
    progress(pad(label, 18), done, tasks.length, 'drawn by the main thread');
  };
  const pulse = await underPulse(
    TICK_MS,
    async () => {
      await runInLanes(tasks, lanes * 2, (more) => {
        done += more;
      });
    },
    beat,
  );
  screen.still();
  return pulse;
}

function showComparison(main: Pulse, lanes: Pulse, laneCount: number, bytes: number): void {
  const speed = (pulse: Pulse): string => `${size(bytes / (pulse.tookMs / 1_000))}/s`;
  const ticks = (pulse: Pulse): string => `${count(onTime(pulse))} of ${count(pulse.delays.length)}`;
  const tone = (pulse: Pulse): ((text: string) => string) =>
    onTime(pulse) > pulse.delays.length * 0.9 ? good : bad;
  const figures = (name: string, of: (pulse: Pulse) => string): string[] => [name, of(main), of(lanes)];
  const judged = (name: string, of: (pulse: Pulse) => string): string[] =>
    figures(name, (pulse) => tone(pulse)(of(pulse)));
  const rows = [
    ['', 'on the main thread', `in ${plural(laneCount, 'lane')}`],
    figures('took', (pulse) => duration(pulse.tookMs)),
    figures('compressed', speed),
    judged(`ticks of a ${TICK_MS} ms timer, on time`, ticks),
    judged('ticks were late by, p99', (pulse) => duration(delayAt(pulse, 0.99))),
    judged('ticks were late by, at most', (pulse) => duration(delayAt(pulse, 1))),
  ];
  for (const line of table(rows)) screen.line(`  ${line}`);
  screen.line();
  const msPerLetter = Math.max(main.tookMs, lanes.tookMs) / 50;
  const draw = (pulse: Pulse): string =>
    strip(pulse, msPerLetter)
      .map((ran) => (ran ? good('▮') : bad('·')))
      .join('');
  screen.line(`  ${pad('main thread', 12)}${draw(main)}`);
  screen.line(`  ${pad(plural(laneCount, 'lane'), 12)}${draw(lanes)}`);
  screen.line(
    dim(`  ${pad('', 12)}each letter is ${duration(msPerLetter)}: ▮ the event loop ran, · it could not`),
  );
}

function check(ok: boolean, text: string): boolean {
  screen.line(`  ${ok ? good('✓') : bad('✗')} ${text}`);
  return ok;
}

function showRightness(tasks: readonly Task[], files: number): boolean {
  screen.move(dim('  comparing with node:zlib'));
  const wrong = tasks.filter((task) => !task.isRight()).length;
  const what = `${count(files)} checksums and ${count(tasks.length - files)} compressed files`;
  return check(
    wrong === 0,
    wrong === 0 ? `${what} agree with node:zlib` : `${wrong} of ${what} differ from node:zlib`,
  );
}

async function showStopping(
  pool: Pool,
  zlib: Zlib,
  libc: Libc,
  files: readonly SourceFile[],
): Promise<boolean> {
  screen.move(dim('  waiting for a message that never comes'));
  const receive = await cancelReceive(pool, libc, CANCEL_AFTER_MS);
  screen.line(`  recv() on a silent socket, cancel() after ${duration(CANCEL_AFTER_MS)}`);
  let ok = check(
    receive.status === 'cancelled',
    `${receive.status} ${duration(receive.answeredMs)} after cancel(): shutdown() was called beside it` +
      (receive.lost ? ', in vain, and its lane was given up' : ', and its lane was kept'),
  );
  screen.line();
  screen.line(
    `  usleep() for ${duration(SLEEP_MS)} with { timeout: ${SLEEP_TIMEOUT_MS} }, and no way to stop it`,
  );
  screen.move(dim('  sleeping in native code'));
  const sleep = await outstaySleep(pool, libc, SLEEP_MS, SLEEP_TIMEOUT_MS);
  ok = check(sleep.status === 'timed-out', `${sleep.status} after ${duration(sleep.afterMs)}`) && ok;
  ok = check(sleep.lost, 'its thread sleeps on: the lane counts as lost, and another one replaced it') && ok;
  const meanwhile = await Promise.all(files.map(({ bytes }) => zlib.crc32(0n, bytes, bytes.length)));
  check(true, `${count(meanwhile.length)} checksums were answered meanwhile`);
  const backMs = await sleep.recovery;
  const came = backMs === undefined ? 'it has not come back yet' : `it came back after ${duration(backMs)}`;
  return check(backMs !== undefined, `${came}; lanes lost now: ${pool.stats().lanes.lost}`) && ok;
}

function showPool(pool: Pool): void {
  const { submitted, succeeded, cancelled, timedOut, failed, lanes, runMs } = pool.stats();
  const endings = [
    `${count(succeeded)} succeeded`,
    `${cancelled} cancelled`,
    `${timedOut} timed out`,
    `${failed} failed`,
  ];
  screen.line(`  ${count(submitted)} calls: ${endings.join(', ')}`);
  screen.line(
    `  ${plural(lanes.total, 'lane')}; native code ran for ${duration(runMs.p50)} (p50), ` +
      `${duration(runMs.p99)} (p99), ${duration(runMs.max)} (max)`,
  );
}

/** @returns whether all was as it should be. */
async function demo(pool: Pool, lanes: number): Promise<boolean> {
  screen.move(dim('  starting lanes'));
  const zlib = await openZlib(pool);
  const libc = await openLibc(pool);
  const version = await zlib.zlibVersion();
  const files = projectFiles();
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  const { once, all } = await prepare(zlib, files, lanes);
  const passes = all.length / once.length;
  screen.line(strong('offthread: blocking native calls, off the main thread'));
  screen.line(
    dim(
      `Node.js ${process.version}, ${process.platform} ${process.arch}, zlib ${version} through ${zlib.engine}`,
    ),
  );

  title(`${count(all.length)} native calls`);
  screen.line(
    dim(
      `  crc32() of ${plural(files.length, 'file')} of this project (${size(bytes)}), and compress2() of each\n` +
        `  at levels ${LEVELS[0]} to ${LEVELS.at(-1)}${passes > 1 ? `, ${passes} times over` : ''}.`,
    ),
  );
  screen.line();
  const main = await onMainThread(all);
  for (const task of once) task.clear();
  const spread = await inLanes(all, lanes);
  showComparison(main, spread, lanes, bytes * LEVELS.length * passes);
  screen.line();
  const right = showRightness(once, files.length);

  title('Two calls that had to go');
  const stopped = await showStopping(pool, zlib, libc, files);

  title('The pool');
  showPool(pool);
  return right && stopped;
}

const lanes = Math.min(MOST_LANES, availableParallelism());
const pool = createPool({ lanes, name: 'demo' });
try {
  if (!(await demo(pool, lanes))) process.exitCode = 1;
} catch (error) {
  screen.still();
  process.stderr.write(`offthread demo: ${(error as OffthreadError).message}\n`);
  process.exitCode = 1;
}
await pool.close();
