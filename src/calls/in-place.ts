/**
 * Runs a blocking call inside a lane on the current thread. Waiting for another lane could be a deadlock, for example
 * if every lane did so.
 */
import { Atomics, performance } from '../builtins.js';
import { BoundFunction } from '../engines/bound-function.js';
import type { Frame } from '../engines/frame.js';
import { loadEngine } from '../engines/load-engine.js';
import { openOn } from '../engines/loading/load-library.js';
import type { DeclaredFunction } from '../lanes/rows/declared-function.js';
import { LaneRing } from '../lanes/rows/lane-ring.js';
import { liveAddress } from '../lanes/memory/live-bytes.js';
import { SharedBuffers } from '../lanes/memory/shared-buffers.js';
import { LaneMemory } from '../shared/memory/lane-memory.js';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Header, Outcome, RowDouble, RowWord } from '../shared/memory/layout.js';
import { readRow, settleReading } from '../supervisor/results/settlement.js';
import type { Job, JobLane } from '../supervisor/job.js';
import { State, finish, generationOf } from '../shared/memory/states.js';

/** A ring that only this thread uses. */
export class InPlace {
  readonly #channel = new MessageChannel();
  readonly #ring = new LaneRing<Job>(
    new LaneMemory({ rows: 1, arenaBytes: 65_536, chunkBytes: 0, batchBytes: 0 }),
    new SharedBuffers(this.#channel.port1),
  );
  readonly #bound = new Map<DeclaredFunction, BoundFunction>();
  readonly #name: string;

  /** @param name the name of the lane that runs on this thread. */
  constructor(name: string) {
    this.#name = name;
    this.#channel.port1.unref();
    this.#channel.port2.unref();
  }

  /** Runs a job on this thread; the job has settled when `run` returns. */
  run(job: Job): void {
    const ring = this.#ring;
    const { memory } = ring;
    const { f64 } = memory;
    const sequence = ring.write(job, false) as number;
    const double = memory.rowDouble(sequence);
    const lane = { name: this.#name, ring } as unknown as JobLane;
    job.lane = lane;
    job.sequence = sequence;
    const bound = this.#bind(job.fn);
    ring.transition(sequence, job.id, State.queued, State.running);
    f64[double + RowDouble.STARTED] = performance.now();
    const base = loadEngine(job.fn.engine).addressOf(new Uint8Array(memory.buffer));
    const frame: Frame = { memory, base, callbacks: null, live: liveAddress };
    const externals = ring.externals(sequence);
    const texts = bound.invoke(frame, sequence, externals);
    f64[double + RowDouble.ENDED] = performance.now();
    const generation = generationOf(job.id);
    const succeeded = (ring.outcome(sequence) & Outcome.NATIVE_FAILURE) === 0;
    finish(memory.i32, memory.rowWord(sequence) + RowWord.STATE, generation, succeeded);
    Atomics.store(memory.i32, Header.HEAD, ring.tail);
    const reading = readRow(lane, job, () => ({ kind: 'texts', generation, texts: texts ?? [] }));
    ring.free();
    // The views were used directly; their messages are not needed.
    while (receiveMessageOnPort(this.#channel.port2) !== undefined);
    if (reading !== null) settleReading(job, reading);
  }

  #bind(fn: DeclaredFunction): BoundFunction {
    let bound = this.#bound.get(fn);
    if (bound === undefined) {
      const engine = loadEngine(fn.engine);
      bound = new BoundFunction(engine, openOn(engine, fn.path, fn.terms), fn.compiled.spec);
      this.#bound.set(fn, bound);
    }
    return bound;
  }
}
