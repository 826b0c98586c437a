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
import { findWith } from '../lanes/memory/addresses.js';
import { Slabs } from '../lanes/memory/slabs.js';
import { ThreadBytes } from '../lanes/memory/thread-bytes.js';
import { LaneMemory } from '../shared/memory/lane-memory.js';
import { Header, Outcome, RowDouble, RowWord } from '../shared/memory/layout.js';
import { readRow, settleReading } from '../supervisor/results/settlement.js';
import type { Job, JobLane } from '../supervisor/job.js';
import { State, finish, generationOf } from '../shared/memory/states.js';

/** Batches, whose columns are sent, never run in place. */
const NO_PORT = { postMessage: () => {} };

/** A ring that only this thread uses. */
export class InPlace {
  readonly #ring = new LaneRing<Job>(
    new LaneMemory({ rows: 1, arenaBytes: 65_536, chunkBytes: 0, batchBytes: 0 }),
    new ThreadBytes(NO_PORT, new Slabs()),
  );
  readonly #bound = new Map<DeclaredFunction, BoundFunction>();
  readonly #name: string;

  /** @param name the name of the lane that runs on this thread. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Runs a job on this thread; the job has settled when `run` returns. */
  run(job: Job): void {
    const ring = this.#ring;
    const { memory } = ring;
    const { f64 } = memory;
    const bound = this.#bind(job.fn);
    const sequence = ring.write(job, false) as number;
    const double = memory.rowDouble(sequence);
    const lane = { name: this.#name, ring } as unknown as JobLane;
    job.lane = lane;
    job.sequence = sequence;
    ring.transition(sequence, job.id, State.queued, State.running);
    f64[double + RowDouble.STARTED] = performance.now();
    const base = loadEngine(job.fn.engine).addressOf(new Uint8Array(memory.buffer));
    const frame: Frame = { memory, base, callbacks: null, live: liveAddress };
    const texts = bound.invoke(frame, sequence);
    f64[double + RowDouble.ENDED] = performance.now();
    const generation = generationOf(job.id);
    const succeeded = (ring.outcome(sequence) & Outcome.NATIVE_FAILURE) === 0;
    finish(memory.i32, memory.rowWord(sequence) + RowWord.STATE, generation, succeeded);
    Atomics.store(memory.i32, Header.HEAD, ring.tail);
    const reading = readRow(lane, job, () => ({ kind: 'texts', generation, texts: texts ?? [] }));
    ring.free();
    if (reading !== null) settleReading(job, reading);
  }

  #bind(fn: DeclaredFunction): BoundFunction {
    let bound = this.#bound.get(fn);
    if (bound === undefined) {
      const engine = loadEngine(fn.engine);
      findWith(engine);
      bound = new BoundFunction(engine, openOn(engine, fn.path, fn.terms), fn.compiled.spec);
      this.#bound.set(fn, bound);
    }
    return bound;
  }
}
