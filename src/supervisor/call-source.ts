/** The source of calls: the supervisor's view of the layer above. */
import type { Job } from './job.js';

export interface CallSource {
  /** Whether any call has not settled; the process stays alive until all have. */
  readonly hasPending: boolean;
  /** Whether a session waits for a lane. */
  readonly sessionsWait: boolean;
  /** A lane may take calls: dispatches calls that wait. */
  pump(): void;
  /** Puts jobs that left their lane, oldest first, at the front of the queue. @param again whether they crashed that lane. */
  returned(jobs: readonly Job[], again?: boolean): void;
  /** Ends calls whose time is over at `now`. @returns when to look next. */
  due(now: number): number;
  /** Native code waits for a promise on the host. */
  hostWaits(): void;
}
