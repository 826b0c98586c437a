/**
 * What `offthread stress` found: the object that `--json` prints, and from which the text is made. Its schema is
 * published as docs/stress.schema.json. Parts that were not asked for are missing. Times are in ms, rates in calls a
 * second, parts from 0 to 1.
 */
import type { ComparisonReport } from './compare/compare-report.js';
import type { VersusReport } from './compare/versus.js';
import type { LanesReport } from './lanes/lanes-report.js';
import type { LimitReport } from './load/find-limit.js';
import type { LatencyDigest, LoadMeasurement } from './load/load-types.js';
import type { ObjectiveResult } from './load/objectives.js';
import type { Verdicts } from './verdict-types.js';

export interface StressReport {
  /** Version of this format; a change that readers notice makes it larger. */
  readonly version: 1;
  readonly run: RunInfo;
  readonly machine: MachineInfo;
  readonly target: TargetInfo;
  readonly load?: LoadReport;
  readonly limit?: LimitReport;
  readonly lanes?: LanesReport;
  readonly versus?: VersusReport;
  readonly comparison?: ComparisonReport;
  /** One for each `--slo`. */
  readonly objectives?: readonly ObjectiveResult[];
  readonly verdicts: Verdicts;
}

export interface RunInfo {
  /** Version of offthread. */
  readonly offthread: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** The arguments of the command. */
  readonly command: readonly string[];
  /** All that is random follows from it: `--seed` repeats it. */
  readonly seed: number;
  /** Whether the run was ended early, by Ctrl-C. */
  readonly interrupted: boolean;
}

export interface MachineInfo {
  readonly platform: string;
  readonly arch: string;
  readonly release: string;
  readonly node: string;
  readonly cpu: string;
  /** Cores that this process may use. */
  readonly cores: number;
  readonly memoryBytes: number;
}

export interface TargetInfo {
  readonly library: string;
  /** Name of the function. */
  readonly symbol: string;
  /** The prototype or the declaration. */
  readonly declaration: Readonly<Record<string, unknown>>;
  /** The texts of arguments, or the file of inputs. */
  readonly arguments: readonly string[];
  readonly engine: string;
  readonly isolation: 'process' | 'thread';
}

export interface LoadReport extends LoadMeasurement {
  readonly lanes: number;
  /** `--max-crashes`, where so many calls crashed that the load was ended. */
  readonly endedByCrashes?: number;
  /** The same load on a function that does nothing: what the pool takes of each call. */
  readonly noOp?: NoOpReport;
}

export interface NoOpReport {
  /** The function. */
  readonly symbol: string;
  readonly rate: number;
  readonly total: LatencyDigest;
  readonly queue: LatencyDigest;
  readonly run: LatencyDigest;
}
