/** Whether this thread is a lane: code that blocks needs to know before it waits for itself. */

const MARK = Symbol.for('offthread.lane');

/** Marks this thread as a lane. Called once, by the lane's own entry. */
export function markLane(name: string): void {
  Object.defineProperty(globalThis, MARK, { value: name, configurable: true });
}

/** Name of the lane that this thread is, or undefined on any other thread. */
export function currentLane(): string | undefined {
  return (globalThis as { [MARK]?: string })[MARK];
}
