/** The part of the items that one job of several does: every N-th. */
import { UsageError } from '../../console/usage-error.js';
import { wholeNumber } from '../../console/numbers.js';

/** Items whose index is `first`, `first + count`, and so on. */
export interface Shard {
  /** Counted from 0. */
  readonly first: number;
  readonly count: number;
}

export const WHOLE: Shard = { first: 0, count: 1 };

/** What a scheduler tells a job of an array: where, and from which number it counts. */
interface Scheduler {
  readonly name: string;
  readonly index: string;
  readonly count?: string;
  readonly least?: string;
}

const SCHEDULERS: readonly Scheduler[] = [
  { name: 'Kubernetes', index: 'JOB_COMPLETION_INDEX' },
  { name: 'AWS Batch', index: 'AWS_BATCH_JOB_ARRAY_INDEX', count: 'AWS_BATCH_JOB_ARRAY_SIZE' },
  {
    name: 'Slurm',
    index: 'SLURM_ARRAY_TASK_ID',
    count: 'SLURM_ARRAY_TASK_COUNT',
    least: 'SLURM_ARRAY_TASK_MIN',
  },
];

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * @param text `I/N`, counted from 1; or `auto` or `auto/N`, which take the number from the scheduler's environment.
 * @throws UsageError
 */
export function shardOf(text: string, env: Environment = process.env): Shard {
  const [place = '', of, ...more] = text.split('/');
  if (more.length > 0 || (of === undefined && place !== 'auto')) {
    throw new UsageError(`--shard is '${text}'. Expected I/N, such as 1/4, or auto, or auto/N.`);
  }
  const asked = of === undefined ? undefined : wholeNumber('--shard', of, 1);
  if (place === 'auto') return fromScheduler(asked, env);
  const count = asked as number;
  const number = wholeNumber('--shard', place, 1);
  if (number > count)
    throw new UsageError(`--shard is '${text}', but shards are counted from 1 to ${count}.`);
  return { first: number - 1, count };
}

function fromScheduler(asked: number | undefined, env: Environment): Shard {
  const scheduler = SCHEDULERS.find(({ index }) => (env[index] ?? '') !== '');
  if (scheduler === undefined) {
    throw new UsageError(
      `--shard auto found none of ${SCHEDULERS.map(({ index }) => index).join(', ')} in the environment. Write the shard as I/N.`,
    );
  }
  const { name, index, count, least } = scheduler;
  const said = count === undefined ? undefined : numberIn(env, count);
  const total = asked ?? said;
  if (total === undefined) {
    throw new UsageError(
      `--shard auto found ${index}=${env[index]} of ${name}, but not how many jobs there are. Write --shard auto/N.`,
    );
  }
  const first = (numberIn(env, index) ?? 0) - ((least === undefined ? undefined : numberIn(env, least)) ?? 0);
  if (first < 0 || first >= total) {
    throw new UsageError(
      `${index} is ${env[index]}, which is none of ${total} jobs. Check --shard and the array.`,
    );
  }
  return { first, count: total };
}

function numberIn(env: Environment, name: string): number | undefined {
  const text = env[name];
  return text === undefined || text === '' ? undefined : wholeNumber(name, text, 0);
}
