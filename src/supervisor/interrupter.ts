/**
 * Calls interrupt functions (`onCancel`) beside running calls, on a thread of
 * its own: an interrupt function may block, and the host must not.
 *
 * The handshake in the row (see `Interrupt` in shared/layout.ts) keeps it from
 * running once the call has returned. One that hangs holds up only the lanes
 * whose calls it was to interrupt; those are given up after their grace.
 */
import { Piscina } from 'piscina';
import { helperPrototype } from '../engines/bound-function.js';
import { leaveBehind } from '../lanes/leave-behind.js';
import type { InterruptOrder } from '../shared/messages.js';
import { generationOf } from '../shared/states.js';
import type { Job, JobLane } from './job.js';

const ENTRY = new URL('../../workers/interrupt-entry.js', import.meta.url).href;

/** ms after which an interrupt function is called again: one that came before the native work began may have had no effect. */
export const REPEAT_INTERRUPT_MS = 20;

export class Interrupter {
  #thread: Piscina | undefined;
  #pending = 0;

  /** Whether an interrupt function may be running. */
  get busy(): boolean {
    return this.#pending > 0;
  }

  /** Starts the thread ahead of the first interrupt. */
  prepare(): void {
    if (this.#thread !== undefined) return;
    this.#thread = new Piscina({
      filename: ENTRY,
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Infinity,
      recordTiming: false,
    });
    this.#thread.on('error', () => {});
    // Wakes it up to the point where it waits for orders.
    void this.#thread.run(null).catch(() => {});
  }

  /** Calls the job's interrupt function, if the job is still running by then. */
  interrupt(job: Job, lane: JobLane): void {
    const { spec } = job.fn.compiled;
    const helper = spec.onCancel;
    if (helper === null) return;
    this.prepare();
    const { ring } = lane;
    const order: InterruptOrder = {
      memory: ring.memory.buffer,
      size: ring.memory.size,
      sequence: job.sequence,
      generation: generationOf(job.id),
      engine: job.fn.engine,
      path: job.fn.path,
      symbol: helper.symbol,
      types: helperPrototype(spec, helper.arguments, 'void').arguments,
      values: helper.arguments.map((index) => this.#value(job, index)),
    };
    // A failure to interrupt shows itself: the call goes on until its grace is over.
    this.#pending += 1;
    const done = (): void => {
      this.#pending -= 1;
    };
    this.#thread?.run(order).then(done, done);
  }

  /** Ends the thread. One that hangs in an interrupt function is left behind. */
  async end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread === undefined) return;
    if (!this.busy) return await thread.destroy();
    leaveBehind(thread);
    void thread.destroy();
  }

  /** The call's own argument for a native parameter. Declarations allow only values here. */
  #value(job: Job, index: number): number | bigint {
    let given = 0;
    for (const param of job.fn.compiled.spec.params.slice(0, index)) {
      if (
        param.kind === 'value' ||
        param.kind === 'cstring' ||
        param.kind === 'buffer' ||
        param.kind === 'inout'
      )
        given += 1;
    }
    const value = job.args[given];
    return typeof value === 'boolean' ? Number(value) : (value as number | bigint);
  }
}
