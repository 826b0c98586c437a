/**
 * The interrupt thread of a process lane: started with the first library that has interrupt functions. The host's
 * orders go to it directly, because the lane's own thread is in native code when an order arrives.
 */
import { Worker } from 'node:worker_threads';
import type { LaneSize } from '../../src/shared/memory/layout.js';
import { type InterruptFunction, type ToLane, interruptOf } from '../../src/shared/messages/messages.js';

/** The data with which the thread is started. */
export interface InterruptBoot {
  /** Where the lane's memory is mapped in this process. */
  readonly address: bigint;
  readonly size: LaneSize;
}

/** Whether this thread was started with the data of an interrupt thread. */
export function isInterruptBoot(data: unknown): data is InterruptBoot {
  return typeof (data as Partial<InterruptBoot> | null)?.address === 'bigint';
}

export class ProcessInterrupts {
  readonly #boot: InterruptBoot;
  #thread: Worker | undefined;

  constructor(boot: InterruptBoot) {
    this.#boot = boot;
  }

  /** Binds the interrupt functions of a library before their first use. */
  prepare({ engine, path, functions }: Extract<ToLane, { kind: 'library' }>): void {
    const targets = functions.flatMap(({ spec }): InterruptFunction[] => {
      const target = interruptOf(spec, engine, path);
      return target === null ? [] : [target];
    });
    if (targets.length === 0) return;
    this.#thread ??= this.#start();
    this.#thread.postMessage(targets);
  }

  #start(): Worker {
    // The bundle that this module is in.
    const thread = new Worker(__filename, { workerData: this.#boot });
    // Without this thread, calls run until their grace is over.
    thread.on('error', () => {});
    thread.unref();
    return thread;
  }
}
