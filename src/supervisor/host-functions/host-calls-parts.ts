/** What the parts that run functions on the host need, and have in common. */
import type { Events } from '../../observe/events.js';
import type { RecordHead } from '../../lanes/channel/lane-channel.js';
import type { OffthreadError } from '../../errors.js';
import type { CallSource } from '../call-source.js';
import type { HostLoop } from '../dispatch/host-loop.js';
import type { JobLane } from '../job.js';
import type { Watch } from '../watchdog/watch.js';
import type { Invocation } from './invocation.js';
import type { Persistents } from './persistent-functions.js';

/** The parts that host calls use. */
export interface HostCallsParts {
  /** ms; Infinity is unlimited. */
  readonly hostTimeout: number;
  readonly watch: Pick<Watch, 'by'>;
  readonly loop: Pick<HostLoop, 'notice'>;
  readonly events: Pick<Events, 'emit'>;
  readonly source: Pick<CallSource, 'hostWaits'>;
  readonly persistents: Pick<Persistents, 'get'>;
}

/** What serves the requests of modules. */
export interface ModuleCalls {
  serve(lane: JobLane, head: RecordHead): void;
  waitingIn(lane: JobLane): Invocation | null;
  has(invocation: Invocation): boolean;
  end(invocation: Invocation, error: OffthreadError): void;
  due(now: number): number;
  forget(lane: JobLane): void;
}
