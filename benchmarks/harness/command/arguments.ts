/** The command line that every benchmark takes. */
import { parseArgs } from 'node:util';

/**
 * How much is measured: all of it; enough for ratios that can be compared with
 * those of other runs; or what shows that everything runs, with figures that
 * say little.
 */
export type Effort = 'full' | 'brief' | 'quick';

export interface BenchmarkArguments {
  readonly effort: Effort;
  /** Quick. */
  readonly quick: boolean;
  /** Where to write the figures as JSON, beside the table. */
  readonly json: string | undefined;
  /** Keep table and JSON in benchmarks/results. */
  readonly record: boolean;
}

export function benchmarkArguments(): BenchmarkArguments {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      brief: { type: 'boolean', default: false },
      json: { type: 'string' },
      record: { type: 'boolean', default: false },
    },
  });
  const { quick, brief, json, record } = values;
  return { effort: quick ? 'quick' : brief ? 'brief' : 'full', quick, json, record };
}
