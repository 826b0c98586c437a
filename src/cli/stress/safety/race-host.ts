/**
 * The process in which a library is tried in many threads: a crash here is a finding, not the end of the command. It
 * does what it is told by messages, and ends when the command does.
 *
 * Each lane is a pool of its own, since the orders say which lane makes which call.
 */
import { OffthreadError, type Pool, createPool } from 'offthread';
import { failureText } from '../../console/failure-text.js';
import { openTarget } from '../../target/open-target.js';
import type { Target } from '../../target/target-options.js';
import { Draw } from '../arguments/random.js';
import { NativeMemory } from '../direct/allocated-memory.js';
import { openRaw, rawShape } from '../direct/raw-function.js';
import { ColumnCalls } from './host/column-calls.js';
import type { LaneCalls } from './host/lane-calls.js';
import { watchProgress } from './host/progress-watch.js';
import { RoundPlayer, type SameAnswer } from './host/round-player.js';
import { SingleCalls } from './host/single-calls.js';
import type { Opening, Order, Report } from './orders.js';

/** Rules that make an error of an answer: here the answer itself is compared. */
const RULES: ReadonlySet<string> = new Set(['fails', 'errno', 'lastError', 'onCancel']);

function withoutRules(target: Target): Target {
  const declaration = Object.fromEntries(
    Object.entries(target.declaration).filter(([key]) => !RULES.has(key)),
  );
  return { ...target, declaration };
}

async function laneCalls(pool: Pool, { target, items, sequence, ignored }: Opening): Promise<LaneCalls> {
  const plain = withoutRules(target);
  const { description } = plain;
  const shape = rawShape(description, plain.declaration, 'read');
  const left = new Set(ignored);
  if (shape === null) {
    const { fn } = await openTarget(pool, plain);
    return new SingleCalls({ fn, description, items, ignored: left, together: sequence > 1 });
  }
  const fn = await openRaw(pool, plain, shape);
  const native = await NativeMemory.in(pool);
  return await ColumnCalls.in({ pool, fn, shape, description, items, ignored: left }, native);
}

function send(report: Report): void {
  process.send?.(report);
}

let player: RoundPlayer;

async function open(opening: Opening): Promise<void> {
  const lanes: LaneCalls[] = [];
  for (let lane = 0; lane < opening.lanes; lane += 1) {
    const pool = createPool({ lanes: 1, timeout: 0, name: `race-${lane + 1}` });
    lanes.push(await laneCalls(pool, opening));
  }
  const { compareWith, items, sequence, seed } = opening;
  const module =
    compareWith === null ? null : ((await import(compareWith)) as { readonly default: SameAnswer });
  player = new RoundPlayer(
    lanes,
    { count: items.length / sequence, length: sequence },
    module === null ? null : module.default,
    new Draw().start(seed, 0, 0),
  );
  send({ kind: 'opened' });
}

async function obey(order: Order): Promise<void> {
  if (order.kind === 'open') {
    await open(order);
    return;
  }
  const stop = watchProgress(
    () => player.made,
    player.laneMs,
    (calls, stuck) => send({ kind: 'alive', calls, stuck }),
  );
  if (order.kind === 'answers') {
    await player.learn();
    send({ kind: 'answers', ...(await player.answers(order)) });
  } else send({ kind: 'draws', ...(await player.draws(order)) });
  stop();
}

process.on('message', (order: Order) => {
  obey(order).catch((error: unknown) => {
    // A library or a function that is not there is said in words; where an error comes from nobody expected, in full.
    const refused = order.kind === 'open' && error instanceof OffthreadError;
    send({ kind: 'failed', message: failureText(error), refused });
  });
});
// The command has ended: nobody reads what this process finds.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
