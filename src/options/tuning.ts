/** Presets: named sets of sizes and waits. */
import { oneOf } from './checks.js';

/** A named set of sizes and waits. */
export type Preset = 'low-latency' | 'high-throughput' | 'low-memory';

/** The values that a preset sets. */
export interface Tuning {
  /** Number of calls that a lane's ring holds. A power of two. */
  readonly rows: number;
  /** Bytes for the arguments of those calls. */
  readonly arenaBytes: number;
  /** Bytes for the chunks that native code sends. A power of two. */
  readonly chunkBytes: number;
  /** Bytes for the items of a batch; a lane holds two batches. A multiple of 8. */
  readonly batchBytes: number;
  /** µs for which a lane polls for the next call before it sleeps. */
  readonly laneSpinUs: number;
  /** µs for which the host polls for the result of a short call before it sleeps. */
  readonly hostSpinUs: number;
}

const balanced: Tuning = {
  rows: 16_384,
  arenaBytes: 524_288,
  chunkBytes: 262_144,
  batchBytes: 262_144,
  laneSpinUs: 20,
  hostSpinUs: 20,
};
const presets: Readonly<Record<Preset, Tuning>> = {
  'low-latency': { ...balanced, laneSpinUs: 100, hostSpinUs: 50 },
  'high-throughput': {
    ...balanced,
    arenaBytes: 2_097_152,
    chunkBytes: 1_048_576,
    batchBytes: 1_048_576,
    laneSpinUs: 50,
  },
  'low-memory': { ...balanced, rows: 64, arenaBytes: 16_384, chunkBytes: 65_536, batchBytes: 32_768 },
};

/** The values of a preset; undefined selects a balance. @throws ArgumentError */
export function tuningOf(preset: unknown): Tuning {
  if (preset === undefined) return balanced;
  return presets[oneOf('preset', preset, ['low-latency', 'high-throughput', 'low-memory'], 'low-latency')];
}
