/** One run of a function on the host, asked for by native code. */
import type { HostFunctionSpec } from '../../declare/spec.js';
import type { Job, JobLane } from '../job.js';

export interface Invocation {
  readonly lane: JobLane;
  /** The call that native code is in; null outside of one. */
  readonly job: Job | null;
  readonly param: HostFunctionSpec;
  /** Number of the request; 0 where native code does not wait. */
  readonly request: number;
  /** ms that the function may take. */
  readonly timeout: number;
  /** ms on the host's clock. */
  readonly dueAt: number;
  /** Whether what it does is still followed. */
  followed: boolean;
}
