/**
 * The interrupt thread of a process lane: started with the first library that
 * has interrupt functions. The host's orders go to it directly, since the
 * lane's own thread is in native code when one comes.
 */
import { Worker } from 'node:worker_threads';
import type { LaneSize } from '../../src/shared/memory/layout.js';
import { type InterruptFunction, type ToLane, interruptOf } from '../../src/shared/messages/messages.js';

/** What the thread is started with. */
export interface InterruptBoot {
  /** Where the lane's memory is mapped in this process. */
  readonly address: bigint;
  readonly size: LaneSize;
}

const ENTRY = new URL('../process-interrupt-entry.js', import.meta.url);

export class ProcessInterrupts {
  readonly #boot: InterruptBoot;
  #thread: Worker | undefined;

  constructor(boot: InterruptBoot) {
    this.#boot = boot;
  }

  /** Has the interrupt functions of a library bound ahead of their first use. */
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
    const thread = new Worker(ENTRY, { workerData: this.#boot });
    // Without it calls go on until their grace is over.
    thread.on('error', () => {});
    thread.unref();
    return thread;
  }
}
