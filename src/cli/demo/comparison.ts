/** The same native calls twice: on the main thread and in lanes, and what the event loop could do meanwhile. */
import { bar, count, duration, pad, plural, size, table } from '../console/format.js';
import { type Pulse, delayAt, onTime, strip, underPulse } from './heartbeat.js';
import type { Screen } from '../console/screen.js';
import { type Task, runInLanes } from './workload.js';

const TICK_MS = 10;
/** ms between two drawings of the moving line. */
const DRAW_MS = 40;
const LETTERS = 50;

/** The results of both sides. */
export interface Comparison {
  readonly lanes: number;
  /** Bytes that were compressed, on each side. */
  readonly bytes: number;
  readonly main: Pulse;
  readonly spread: Pulse;
}

function progress(screen: Screen, label: string, done: number, total: number, note: string): void {
  const figures = `${pad(count(done), count(total).length, 'left')} of ${count(total)}`;
  screen.move(`  ${pad(label, 18)} ${bar(done / total, 20)} ${figures}  ${screen.paint('dim', note)}`);
}

/** Makes the calls one after the other, blocking this thread. */
export async function onMainThread(screen: Screen, tasks: readonly Task[]): Promise<Pulse> {
  progress(screen, 'on the main thread', 0, tasks.length, 'no drawing meanwhile');
  const pulse = await underPulse(TICK_MS, () => {
    for (const task of tasks) task.runBlocking();
  });
  screen.still();
  return pulse;
}

/** Awaits the calls, two at a time for each lane: one runs, one is queued. */
export async function inLanes(screen: Screen, tasks: readonly Task[], lanes: number): Promise<Pulse> {
  let done = 0;
  let drawnAt = 0;
  const draw = (): void => {
    if (performance.now() - drawnAt < DRAW_MS) return;
    drawnAt = performance.now();
    progress(screen, `in ${plural(lanes, 'lane')}`, done, tasks.length, 'drawn meanwhile');
  };
  const work = async (): Promise<void> => {
    await runInLanes(tasks, lanes * 2, () => {
      done += 1;
    });
  };
  const pulse = await underPulse(TICK_MS, work, draw);
  screen.still();
  return pulse;
}

/** Prints both side by side. */
export function showComparison(screen: Screen, { main, spread, lanes, bytes }: Comparison): void {
  const row = (name: string, of: (pulse: Pulse) => string): string[] => [name, of(main), of(spread)];
  const judged = (name: string, of: (pulse: Pulse) => string): string[] =>
    row(name, (pulse) => screen.paint(isFree(pulse) ? 'good' : 'bad', of(pulse)));
  const rows = [
    ['', 'on the main thread', `in ${plural(lanes, 'lane')}`],
    row('took', (pulse) => duration(pulse.tookMs)),
    row('compressed', (pulse) => `${size((bytes / pulse.tookMs) * 1_000)}/s`),
    judged(
      `ticks of a ${TICK_MS} ms timer, on time`,
      (pulse) => `${count(onTime(pulse))} of ${count(pulse.delays.length)}`,
    ),
    judged('  delay, p99', (pulse) => duration(delayAt(pulse, 0.99))),
    judged('  delay, maximum', (pulse) => duration(delayAt(pulse, 1))),
  ];
  for (const line of table(rows)) screen.line(`  ${line}`);

  const msPerLetter = Math.max(main.tookMs, spread.tookMs) / LETTERS;
  const draw = (pulse: Pulse): string =>
    strip(pulse, msPerLetter)
      .map((ran) => (ran ? screen.paint('good', '▮') : screen.paint('bad', '·')))
      .join('');
  screen.line();
  screen.line(`  ${pad('main thread', 13)}${draw(main)}`);
  screen.line(`  ${pad(plural(lanes, 'lane'), 13)}${draw(spread)}`);
  const key = `one mark is ${duration(msPerLetter)}: ▮ event loop ran, · event loop blocked`;
  screen.line(screen.paint('dim', `  ${pad('', 13)}${key}`));
}

/** Whether the event loop was free for other work. */
function isFree(pulse: Pulse): boolean {
  return onTime(pulse) > pulse.delays.length * 0.9;
}
