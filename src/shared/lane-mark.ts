/**
 * Whether this thread is a lane.
 *
 * Two marks. One is set when the lane runs: code that blocks needs to know
 * before it waits for itself. The other is in its environment from the start:
 * a module that is loaded before the lane runs, and the threads that it starts,
 * must not have lanes of their own, which would load the module again, without
 * end. The second mark names a process, so that programs which native code or a
 * module starts, and which inherit the mark, do not count as lanes.
 */

const MARK = Symbol.for('offthread.lane');
const VARIABLE = 'OFFTHREAD_LANE';

/** Marks this thread as a lane. Called once, by the lane's own entry. */
export function markLane(name: string): void {
  Object.defineProperty(globalThis, MARK, { value: name, configurable: true });
}

/** Name of the lane that this thread is, or undefined on any other thread. */
export function currentLane(): string | undefined {
  return (globalThis as { [MARK]?: string })[MARK];
}

/** The environment of a lane that this process starts. */
export function laneEnvironment(
  isolation: 'thread' | 'process',
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  return { ...env, [VARIABLE]: `${isolation}:${process.pid}` };
}

/** Whether this thread is a lane, from the start, or was started by one of this process. */
export function isWithinLane(): boolean {
  const mark = process.env[VARIABLE];
  return mark === `thread:${process.pid}` || mark === `process:${process.ppid}`;
}
