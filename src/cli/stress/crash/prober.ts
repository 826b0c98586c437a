/** Tries calls in process lanes: whether they end their process, or hang. */
import { CallTimeoutError, LaneCrashedError, type Pool, createPool } from 'offthread';
import { type AnyFunction, openTarget } from '../../target/open-target.js';
import type { Target } from '../../target/target-options.js';
import type { GivenArguments } from '../direct/argument-memory.js';
import { type Libc, openSystemLibc } from '../direct/system-libc.js';

/** How a call failed. */
export interface Failure {
  readonly symptom: 'crash' | 'hang';
  readonly signal: string | null;
  readonly exitCode: number | null;
  readonly stderr: string;
}

function failureOf(error: unknown): Failure | null {
  if (error instanceof LaneCrashedError) {
    const { signal, exitCode, stderr } = error;
    return {
      symptom: 'crash',
      signal: signal ?? null,
      exitCode: exitCode ?? null,
      stderr: (stderr ?? []).join('\n'),
    };
  }
  if (error instanceof CallTimeoutError) return { symptom: 'hang', signal: null, exitCode: null, stderr: '' };
  return null;
}

export function isSame(one: Failure, other: Failure | null): boolean {
  return (
    other !== null &&
    one.symptom === other.symptom &&
    one.signal === other.signal &&
    one.exitCode === other.exitCode
  );
}

export class Prober {
  readonly #target: Target;
  readonly #timeoutMs: number;
  #pool: Pool | null = null;
  #fn: AnyFunction | null = null;
  #libc: Libc | null = null;
  /** Whether calls have been made in the present lane. */
  #used = false;

  constructor(target: Target, timeoutMs: number) {
    this.#target = target;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Makes calls one after the other, in one lane.
   * @param fresh whether the lane must not have made calls before.
   * @returns how the last of the calls failed; null when it did not, or an earlier one did.
   */
  async probe(calls: readonly GivenArguments[], fresh: boolean): Promise<Failure | null> {
    if (this.#pool === null) await this.#open();
    else if (fresh && this.#used) await this.#renew();
    const fn = this.#fn as AnyFunction;
    this.#used = true;
    for (const [at, given] of calls.entries()) {
      const own = given.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value));
      const settled = await fn
        .with({ timeout: this.#timeoutMs })(...own)
        .settled();
      const failure = settled.status === 'succeeded' ? null : failureOf(settled.error);
      // The next call is made in another process.
      if (failure !== null) this.#used = false;
      if (failure !== null || at === calls.length - 1) return at === calls.length - 1 ? failure : null;
    }
    return null;
  }

  async close(): Promise<void> {
    await this.#pool?.destroy();
    this.#pool = null;
  }

  /** Ends the lane, which another one replaces. */
  async #renew(): Promise<void> {
    await this.#libc?.exit(0).settled();
    this.#used = false;
  }

  async #open(): Promise<void> {
    // Lanes in reserve: a lane that died is replaced at once.
    const pool = createPool({
      isolation: 'process',
      lanes: 1,
      spares: 3,
      maxDeaths: Infinity,
      stderr: 'capture',
      stdout: 'stderr',
      grace: 0,
      name: 'crash',
    });
    this.#pool = pool;
    this.#used = false;
    this.#fn = (await openTarget(pool, this.#target)).fn;
    this.#libc = await openSystemLibc(pool);
  }
}
