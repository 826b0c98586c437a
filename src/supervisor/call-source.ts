/** Where calls come from: the layer above, as the supervisor knows it. */
import type { Job } from './job.js';

export interface CallSource {
  /** Whether any call has not settled: then the process must stay alive. */
  readonly hasPending: boolean;
  /** A lane may take calls: offers those that wait. */
  pump(): void;
  /** Jobs that run elsewhere, oldest first, go to the front of the queue. @param again whether they have crashed their lane. */
  returned(jobs: readonly Job[], again?: boolean): void;
  /** Does what is due by `now` and does not concern lanes. @returns when to look next. */
  due(now: number): number;
  /** Native code waits for a promise of the host. */
  hostWaits(): void;
}
