/**
 * Calls interrupt functions (`onCancel`) while their calls run, on a separate
 * thread in the lane's process, since an interrupt function may block and the
 * host must not.
 *
 * The handshake in the row (`Interrupt` in shared/memory/layout.ts) keeps an
 * interrupt function from running after its call has returned. One that hangs
 * delays only the lanes whose calls it interrupts; those calls are given up
 * after their grace period.
 */
import { InterruptThread } from '../../lanes/thread/interrupt-thread.js';
import type { LaneStart } from '../../options/lane-start.js';
import { type ToLane, interruptOf } from '../../shared/messages/messages.js';
import { generationOf } from '../../shared/memory/states.js';
import type { Job, JobLane } from '../job.js';

/** ms after which an interrupt function is called again: it may have run before the native work began, without effect. */
export const REPEAT_INTERRUPT_MS = 20;

export class Interrupter {
  readonly #thread: InterruptThread;

  constructor(start: LaneStart) {
    this.#thread = new InterruptThread(start);
  }

  /** Whether an interrupt function may be running. */
  get busy(): boolean {
    return this.#thread.busy;
  }

  /** Binds the interrupt functions of a library in advance, so that the first cancel is as fast as later ones. */
  prepare(library: Extract<ToLane, { kind: 'library' }>): void {
    const functions = library.functions.flatMap(({ spec }) => {
      const target = interruptOf(spec, library.engine, library.path);
      return target === null ? [] : [target];
    });
    if (functions.length > 0) this.#thread.send({ kind: 'prepare', functions });
  }

  /** Calls the interrupt function of a job, unless the job has returned by then. */
  interrupt(job: Job, lane: JobLane): void {
    const { spec } = job.fn.compiled;
    const target = interruptOf(spec, job.fn.engine, job.fn.path);
    if (target === null) return;
    const interruption = {
      sequence: job.sequence,
      generation: generationOf(job.id),
      target,
      values: (spec.onCancel?.arguments ?? []).map((index) => this.#value(job, index)),
    };
    const { memory } = lane.ring;
    if (lane.kind === 'process') lane.interrupt(interruption);
    else this.#thread.send({ kind: 'interrupt', memory: memory.buffer, size: memory.size, ...interruption });
  }

  /** Ends the thread. A thread that hangs in an interrupt function is detached. */
  end(): Promise<void> {
    return this.#thread.end();
  }

  /** The caller's argument for a native parameter. */
  #value(job: Job, index: number): number | bigint {
    const given = job.fn.compiled.callerArguments.positions.indexOf(index);
    const value = job.args[given];
    return typeof value === 'boolean' ? Number(value) : (value as number | bigint);
  }
}
