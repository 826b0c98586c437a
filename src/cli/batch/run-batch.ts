/** Runs `offthread batch`. */
import { createPool, type Pool } from 'offthread';
import { EXIT, type ExitCode } from '../console/exit-codes.js';
import { Board } from '../board/board.js';
import { Screen } from '../console/screen.js';
import { laneOutput } from '../target/lane-output.js';
import { openTarget } from '../target/open-target.js';
import type { Target } from '../target/target-options.js';
import type { BatchVerbOptions } from './batch-command.js';
import { type BatchSettings, batchSettings } from './batch-settings.js';
import { dryRun } from './dry-run.js';
import { readerOf } from './input/input-format.js';
import { InputText } from './input/input-text.js';
import { readItems } from './input/input-items.js';
import { ItemArguments } from './input/item-arguments.js';
import { resultLine } from './output/result-line.js';
import { BatchProgress, type RunCounts } from './run/batch-progress.js';
import { batchSummary } from './run/batch-summary.js';
import { ItemFeed } from './run/item-feed.js';
import { ItemRun } from './run/item-run.js';
import { StopControl } from './run/stop-control.js';
import { openWork } from './run/work.js';

/** ms that an item which can be asked to stop has for it, after its timeout. */
const GRACE_MS = 200;

/** @returns the exit code. */
export async function runBatch(target: Target, options: BatchVerbOptions): Promise<ExitCode> {
  const settings = batchSettings(options);
  const itemArguments = new ItemArguments(target, settings.args);
  const text = new InputText(settings.input.path);
  const pool = createPool({
    lanes: settings.lanes,
    isolation: settings.isolation,
    timeout: settings.timeout,
    grace: GRACE_MS,
    // Any number of items may crash: each of them has failed, and the run goes on.
    maxDeaths: Number.POSITIVE_INFINITY,
    name: 'batch',
    // What the library prints is kept for the dead-letter file; stderr is for the progress.
    ...laneOutput(settings.isolation, 'capture'),
  });
  try {
    const { path, format, header } = settings.input;
    const read = (from: InputText): ReturnType<typeof readItems> =>
      readItems(from.read(), readerOf(format, header), itemArguments, settings.shard);
    const reread = (): ReturnType<typeof readItems> => read(new InputText(path));
    const parts = { pool, target, settings, text, groups: read(text), reread };
    return settings.dryRun ? await dryRun(parts) : await run(parts);
  } finally {
    text.close();
    await pool.destroy();
  }
}

/** What a run is made of. */
export interface BatchParts {
  readonly pool: Pool;
  readonly target: Target;
  readonly settings: BatchSettings;
  readonly text: InputText;
  readonly groups: ReturnType<typeof readItems>;
  /** Reads the input once more. */
  readonly reread: () => ReturnType<typeof readItems>;
}

async function run({ pool, target, settings, text, groups, reread }: BatchParts): Promise<ExitCode> {
  const screen = new Screen(process.stderr);
  const tell = (line: string): void => screen.line(`offthread batch: ${line}`);
  const say = (line: string): void => {
    if (!settings.quiet) tell(line);
  };
  const control = new StopControl(pool, say);
  const opened = await openTarget(pool, target).catch((error: unknown) => {
    if (control.cause === null) throw error;
    return null;
  });
  // A signal came before there was anything to finish.
  if (opened === null) return EXIT.interrupted;
  const work = await openWork({ target, opened, settings, groups, reread, tell, say });
  const { files, ended, failed } = work;
  const before = ended.count;
  const feed = new ItemFeed(work.groups);
  const counts = (): RunCounts => ({
    ended: ended.count,
    failed: items.failed,
    retried: items.retried,
    endedNow: ended.count - before,
    read: before + feed.handedOut,
    readAll: feed.isOver,
    bytes: text.bytes,
    totalBytes: text.totalBytes,
  });
  const progress = new BatchProgress(counts);
  const board = settings.quiet
    ? null
    : new Board(screen, () => ({ ...progress.view(performance.now()), lanes: pool.activity() }));
  const line = resultLine(target, settings.values);
  const after = (): Promise<void> | undefined => work.tick(performance.now(), items.failed);
  const items = new ItemRun(
    { pool, fn: opened.fn, settings, line, feed, files, ended, control, after },
    failed,
  );
  let complete = false;
  try {
    await items.run();
    complete = control.cause === null;
  } finally {
    board?.end();
    control.end();
    // Also after an error: what has ended until then need not be done again.
    await work.end(items.failed, complete);
  }
  const summary = { ...counts(), elapsedMs: progress.elapsedMs, cause: control.cause, commits: work.commits };
  if (settings.json) process.stderr.write(`${JSON.stringify(batchSummary(summary).data)}\n`);
  else if (!settings.quiet) screen.line(batchSummary(summary).text);
  if (control.cause === 'interrupted') return EXIT.interrupted;
  if (control.cause === 'failures') return EXIT.tooManyFailures;
  return items.failed > 0 ? EXIT.failed : EXIT.ok;
}
