/**
 * The demo: `offthread demo`, and `npm run demo` in this repository.
 *
 * Checksums and compresses this project's own files with the system's zlib,
 * on the main thread and in lanes, and shows what the event loop could do
 * meanwhile. Then it stops two native calls early, and judges a function
 * that is not thread-safe.
 */
import { availableParallelism, loadavg } from 'node:os';
import { type Pool, createPool } from 'offthread';
import { EXIT, type ExitCode } from '../console/exit-codes.js';
import { inLanes, onMainThread, showComparison } from './comparison.js';
import { type SourceFile, projectFiles } from './files.js';
import { count, duration, plural, size } from '../console/format.js';
import { Screen } from '../console/screen.js';
import { cancelReceive, outstaySleep } from './stopping-scene.js';
import { type Libc, type Zlib, openLibc, openZlib } from './system-libraries.js';
import { judgeStaticBuffer } from './verdict-scene.js';
import { BLOCK_BYTES, LEVELS, type Task, checksums, compressions, runInLanes } from './workload.js';

/** ms of native work on each side of the comparison. */
const WORK_MS = 1_500;
const CANCEL_AFTER_MS = 100;
const SLEEP_MS = 1_000;
const SLEEP_TIMEOUT_MS = 250;
/** More lanes than this are not needed. */
const MOST_LANES = 16;

const screen = new Screen();
const dim = (text: string): string => screen.paint('dim', text);

function title(text: string): void {
  screen.line();
  screen.line(screen.paint('strong', text));
}

/** Prints a result, marked as good or bad. */
function check(ok: boolean, text: string): boolean {
  screen.line(`  ${ok ? screen.paint('good', '✓') : screen.paint('bad', '✗')} ${text}`);
  return ok;
}

/** How often the work is repeated, so that the comparison takes long enough. */
async function passesOf(tasks: readonly Task[]): Promise<number> {
  screen.move(dim('  warming up'));
  const ranMs = await runInLanes(tasks, 1);
  return Math.min(100, Math.max(1, Math.round(WORK_MS / ranMs)));
}

function said({ status }: { readonly status: string }): string {
  return status.replace('-', ' ');
}

function clear(tasks: readonly Task[]): void {
  for (const task of tasks) task.clear();
}

/** @returns whether every result is correct. */
async function compare(zlib: Zlib, files: readonly SourceFile[], lanes: number): Promise<boolean> {
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  const sums = checksums(zlib, files);
  const blocks = compressions(zlib, files);
  const once = [...sums, ...blocks];
  const passes = await passesOf(once);
  const all = Array.from({ length: passes }, () => once).flat();

  title(`${count(all.length)} native calls`);
  const sources = `${plural(files.length, 'file')} of this project (${size(bytes)})`;
  const times = passes > 1 ? `, ${passes} times` : '';
  screen.line(dim(`  crc32() of the ${sources}, and compress2() of`));
  screen.line(dim(`  them in blocks of ${size(BLOCK_BYTES)} at levels 1 to ${LEVELS.length}${times}.`));
  screen.line(dim('  First on the main thread, with .blocking(); then in lanes, with await.'));
  const [load = 0] = loadavg();
  if (load > availableParallelism()) {
    screen.line(dim(`  Other programs keep this machine busy (load ${load.toFixed(1)}): both take longer.`));
  }
  screen.line();

  clear(once);
  const main = await onMainThread(screen, all);
  clear(once);
  const spread = await inLanes(screen, all, lanes);
  showComparison(screen, { main, spread, lanes, bytes: bytes * LEVELS.length * passes });

  screen.line();
  screen.move(dim('  comparing with node:zlib'));
  const wrong = once.filter((task) => !task.isRight()).length;
  const what = `${plural(sums.length, 'checksum')} and ${plural(blocks.length, 'compressed block')}`;
  return check(wrong === 0, `${what}: ${wrong === 0 ? 'all agree' : `${wrong} disagree`} with node:zlib`);
}

async function showCancel(pool: Pool, libc: Libc): Promise<boolean> {
  screen.line(`  recv() on a silent socket, and cancel() after ${duration(CANCEL_AFTER_MS)}`);
  screen.move(dim('  waiting for a message that never comes'));
  const { status, answeredMs, lost } = await cancelReceive(pool, libc, CANCEL_AFTER_MS);
  const stopped = check(
    status === 'cancelled',
    `${said({ status })} ${duration(answeredMs)} after cancel(): shutdown() stopped it`,
  );
  return check(!lost, lost ? 'the lane was lost' : 'the lane was kept') && stopped;
}

async function showTimeout(
  pool: Pool,
  zlib: Zlib,
  libc: Libc,
  files: readonly SourceFile[],
): Promise<boolean> {
  screen.line(
    `  usleep() for ${duration(SLEEP_MS)}, { timeout: ${SLEEP_TIMEOUT_MS} }, with no way to stop the call`,
  );
  screen.move(dim('  sleeping in native code'));
  const sleep = await outstaySleep(pool, libc, SLEEP_MS, SLEEP_TIMEOUT_MS);
  const timedOut = check(sleep.status === 'timed-out', `${said(sleep)} after ${duration(sleep.afterMs)}`);
  const lost = check(sleep.lost, 'the thread still sleeps: its lane is lost for now and has been replaced');
  const sums = await Promise.all(files.map(({ bytes }) => zlib.crc32(0n, bytes, bytes.length)));
  check(true, `${plural(sums.length, 'more checksum')} meanwhile`);
  screen.move(dim('  still sleeping in native code'));
  const backMs = await sleep.recovery;
  const back = check(
    backMs !== undefined,
    backMs === undefined ? 'the thread has not returned' : `the thread returned after ${duration(backMs)}`,
  );
  return timedOut && lost && back;
}

async function showVerdict(): Promise<boolean> {
  screen.move(dim('  calling it on many threads at once'));
  const { symbol, where, verdict } = await judgeStaticBuffer();
  const { scenario, failures, reproducer } = verdict;
  screen.line(`  ${symbol}() ${where} returns a static buffer`);
  if (verdict.verdict !== 'unsafe') return check(false, `${verdict.verdict}: ${verdict.reason}`);
  const calls = (scenario ?? []).map((given) => `${symbol}(${given.join(', ')})`).join(' and ');
  const wrong = failures === null ? '' : `: ${plural(failures.failed, 'wrong answer')}`;
  check(true, `not thread-safe. ${calls} at once${wrong}`);
  if (reproducer?.proof === 'shown')
    check(true, 'shown by a C program, and gone with a lock around the calls');
  screen.line(dim('  offthread stress LIB PROTOTYPE ARGS... --check-thread-safety prints it'));
  return true;
}

function showPool(pool: Pool): void {
  const { submitted, succeeded, cancelled, timedOut, failed, lanes, runMs } = pool.stats();
  const ends = `${count(succeeded)} succeeded, ${cancelled} cancelled, ${timedOut} timed out, ${failed} failed`;
  screen.line(`  ${plural(submitted, 'call')}: ${ends}`);
  screen.line(`  native code ran for ${duration(runMs.p50)} (p50), ${duration(runMs.p99)} (p99)`);
  screen.line(`  ${plural(lanes.total, 'lane')}, ${lanes.lost} lost`);
}

/** @returns whether every result was as expected. */
async function demo(pool: Pool, lanes: number): Promise<boolean> {
  screen.line(screen.paint('strong', 'offthread: blocking native calls, off the main thread'));
  screen.move(dim('starting lanes'));
  const zlib = await openZlib(pool);
  const libc = await openLibc(pool);
  const version = await zlib.zlibVersion();
  const { platform, arch } = process;
  screen.line(dim(`Node.js ${process.version}, ${platform} ${arch}, zlib ${version} through ${zlib.engine}`));
  const files = projectFiles();

  const right = await compare(zlib, files, lanes);
  title('Two calls that are stopped early');
  const cancelled = await showCancel(pool, libc);
  screen.line();
  const timedOut = await showTimeout(pool, zlib, libc, files);
  title('The pool');
  showPool(pool);
  title('Is a function thread-safe?');
  const judged = await showVerdict();
  return right && cancelled && timedOut && judged;
}

/** @returns the exit code. */
export async function runDemo(): Promise<ExitCode> {
  // The reader of the output may close it early: `npm run demo | head`.
  process.stdout.on('error', () => process.exit(EXIT.ok));
  const lanes = Math.min(MOST_LANES, availableParallelism());
  // On a busy machine, a stopped call can take a while to return.
  const pool = createPool({ lanes, name: 'demo', grace: 5_000 });
  try {
    return (await demo(pool, lanes)) ? EXIT.ok : EXIT.failed;
  } finally {
    screen.still();
    await pool.close();
  }
}
