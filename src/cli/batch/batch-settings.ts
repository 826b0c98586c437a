/** The options of `offthread batch`, checked. */
import { resolve } from 'node:path';
import { availableParallelism } from 'node:os';
import { millisecondsOf, wholeNumber } from '../console/numbers.js';
import { UsageError } from '../console/usage-error.js';
import type { BatchVerbOptions } from './batch-command.js';
import { type InputFormat, formatOf } from './input/input-format.js';
import { type Shard, WHOLE, shardOf } from './input/shard.js';
import { type FailureLimit, failureLimit } from './run/failure-limit.js';
import { type Retries, retryRules } from './run/retry-rules.js';

export interface BatchSettings {
  readonly input: {
    readonly path: string | undefined;
    readonly format: InputFormat;
    readonly header: boolean;
  };
  readonly args: readonly string[];
  /** Absolute paths. */
  readonly out: string | null;
  readonly log: string | null;
  readonly deadLetter: string | null;
  readonly state: string | null;
  readonly values: boolean;
  readonly ordered: boolean;
  readonly lanes: number;
  readonly isolation: 'process' | 'thread';
  /** ms; 0 is unlimited. */
  readonly timeout: number;
  readonly retries: Retries | undefined;
  readonly limit: FailureLimit;
  /** ms */
  readonly commitEvery: number;
  readonly explain: boolean;
  readonly shard: Shard;
  readonly dryRun: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
}

const DEFAULT_LANES = 'one for each core';

/** @throws UsageError */
export function batchSettings(options: BatchVerbOptions): BatchSettings {
  const path = options.in === '-' ? undefined : options.in;
  const absolute = (file: string | undefined): string | null => (file === undefined ? null : resolve(file));
  const settings: BatchSettings = {
    input: { path, format: formatOf(options.format, path), header: options.header },
    args: options.arg,
    out: absolute(options.out),
    log: absolute(options.log),
    deadLetter: absolute(options.deadLetter),
    state: absolute(options.state),
    values: options.values === true,
    ordered: options.unordered !== true,
    lanes:
      options.lanes === DEFAULT_LANES
        ? availableParallelism()
        : wholeNumber('--lanes', options.lanes ?? '', 1),
    isolation: options.isolation,
    timeout: millisecondsOf('--timeout', options.timeout),
    retries: retryRules(options.retries, options.retryDelay),
    limit: failureLimit(options.maxFailures, options.giveUp),
    commitEvery: millisecondsOf('--commit-every', options.commitEvery),
    explain: options.explain === true,
    shard: options.shard === undefined ? WHOLE : shardOf(options.shard),
    dryRun: options.dryRun === true,
    quiet: options.quiet === true,
    json: options.json === true,
  };
  check(settings);
  return settings;
}

function check({ out, log, deadLetter, state, explain, input, values, dryRun }: BatchSettings): void {
  const files = new Map<string, string>();
  const source = input.path === undefined ? null : resolve(input.path);
  for (const [option, path] of Object.entries({
    '--in': source,
    '--out': out,
    '--log': log,
    '--dead-letter': deadLetter,
  })) {
    if (path === null) continue;
    const other = files.get(path);
    if (other !== undefined)
      throw new UsageError(`${other} and ${option} are the same file, ${path}. Give each its own.`);
    files.set(path, option);
  }
  if (explain && state === null)
    throw new UsageError('--explain needs --state: it compares with what a state directory has.');
  if (explain && dryRun)
    throw new UsageError('--explain does not go with --dry-run, which does not look at the state directory.');
  if (explain && source === null)
    throw new UsageError('--explain needs --in: it reads the input twice, which stdin does not allow.');
  if (explain && values)
    throw new UsageError(
      '--explain does not go with --values: results without an index cannot be told apart.',
    );
}
