/** The command line that every benchmark takes. */
import { parseArgs } from 'node:util';

export interface BenchmarkArguments {
  /** A few seconds in all: shows that everything runs; its figures say little. */
  readonly quick: boolean;
  /** Where to write the figures as JSON, beside the table. */
  readonly json: string | undefined;
  /** Keep table and JSON in benchmarks/results. */
  readonly record: boolean;
  readonly names: readonly string[];
}

export function benchmarkArguments(): BenchmarkArguments {
  const { values, positionals } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      record: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  return { quick: values.quick, json: values.json, record: values.record, names: positionals };
}
