/** What was measured with several numbers of lanes. */
import type { Interval } from '../verdict-types.js';
import type { Law } from './scalability-law.js';

/** One number of lanes. */
export interface LanesPoint {
  readonly lanes: number;
  /** Calls a second: one for each round, in the order of the rounds. */
  readonly rates: readonly number[];
  /** Their mean, and its interval. */
  readonly rate: number;
  readonly interval: Interval;
  /** Mean time in native code, in ms. */
  readonly runMs: number | null;
  /** Part of the lanes' time that was spent in native code. */
  readonly inside: number;
  /** Cores that the lanes kept busy; null where the system does not tell. */
  readonly laneCores: number | null;
  /** Cores that the host thread kept busy. */
  readonly hostCores: number;
  /** Lanes that could make progress at once: fewer than there are when the cores were all busy. */
  readonly effective: number;
  /** Whether the law is fitted to it; if not, why. */
  readonly use: 'fitted' | 'beyond-cores' | 'host-busy';
}

export interface LanesReport {
  readonly isolation: 'process' | 'thread';
  readonly rounds: number;
  /** Time of one measurement, in ms. */
  readonly sliceMs: number;
  readonly cores: number;
  /** Part of its time in native code for which a call keeps a core busy: 1 computes, 0 waits. Null where not known. */
  readonly computing: number | null;
  /** Cores that other programs kept busy meanwhile. */
  readonly otherCores: number;
  readonly points: readonly LanesPoint[];
  /** The law of scalability, fitted; null when the points do not allow it. */
  readonly law: FittedLaw | null;
  readonly failed: number;
}

export interface FittedLaw extends Law {
  readonly intervals: {
    readonly single: Interval;
    readonly serialised: Interval;
    readonly crosstalk: Interval;
  };
  /** Whether crosstalk was fitted: that takes three numbers of lanes, and the universal law. Otherwise it is 0. */
  readonly fitsCrosstalk: boolean;
  /**
   * Throughput with the most lanes that were fitted, as a part of what it would be if lanes did not hold each other up:
   * 1 for a function that scales.
   */
  readonly efficiency: number;
  readonly efficiencyInterval: Interval;
  /** The fitted throughput up to twice the lanes that were measured, with its interval. */
  readonly curve: readonly CurvePoint[];
}

export interface CurvePoint {
  readonly lanes: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}
