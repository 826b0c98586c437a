/** How `offthread/lane`, which modules import, reaches the lane in whose thread it runs: by a symbol of the global object. */

/** The lane in which code runs. */
export interface LaneInfo {
  /** Name of the lane, for example `offthread-2`. */
  readonly name: string;
  /** Number of the lane: 1 for the first one that the pool has started. */
  readonly number: number;
}

/** What a lane offers to modules. */
export interface LaneInterface {
  readonly info: LaneInfo;
  /** Called when a module has loaded `offthread/lane`. */
  used(): void;
  cancelled(): boolean;
  signal(): AbortSignal;
  throwIfCancelled(): void;
  progress(done: number, total: number): void;
  tripwire(): Int32Array;
  transfer(value: unknown, list: readonly object[]): unknown;
  keep(value: object, dispose: ((value: object) => unknown) | null): unknown;
}

export const LANE: unique symbol = Symbol.for('offthread.lane.interface') as never;
