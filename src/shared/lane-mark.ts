/**
 * Whether this thread is a lane.
 *
 * There are two marks. One is set when the lane runs, so that code that blocks does not wait for its own lane. The
 * other is in the lane's environment from the start: a module that is loaded before the lane runs, and the threads that
 * it starts, must not create lanes, which would load the module again, without end. The second mark names a process, so
 * that programs started by native code or a module, which inherit the mark, do not count as lanes.
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

/** Whether this thread is a lane (also while it starts), or was started by a lane of this process. */
export function isWithinLane(): boolean {
  const mark = process.env[VARIABLE];
  return mark === `thread:${process.pid}` || mark === `process:${process.ppid}`;
}
