/** One run of a function on the host, requested by native code. */
import type { HostFunctionSpec } from '../../declare/spec.js';
import type { Job, JobLane } from '../job.js';

export interface Invocation {
  readonly lane: JobLane;
  /** The call that native code is in; null outside of one. */
  readonly job: Job | null;
  readonly param: HostFunctionSpec;
  /** Number of the request; 0 when native code does not wait. */
  readonly request: number;
  /** ms that the function may take. */
  readonly timeout: number;
  /** End of the timeout, in ms on the host's clock. */
  readonly dueAt: number;
  /** Whether its code is still tracked. */
  followed: boolean;
}
