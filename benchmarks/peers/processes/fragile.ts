/** Who is compared at calls that end their process, or hang in it: pools of one worker process. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Fragile {
  readonly name: string;
  readonly ours: boolean;
  /** `ot_process_id`, a short call: which process answers. */
  readonly processId: () => Promise<number>;
  /** `ot_crash_segv`. */
  readonly crash: () => Promise<unknown>;
  /** `ot_ignore_cancel`; resolves when native code hangs. */
  readonly hang: () => Promise<Hung>;
  /** Resolves when every process that it keeps is ready, and idle. */
  readonly rested: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A call that hangs in native code. */
export interface Hung {
  /** Settles when the caller is told. */
  readonly ended: Promise<unknown>;
  readonly cancel: () => void;
}

/** ms between looks at something that no event tells of. */
const LOOK_MS = 2;
/** ms for things that take a fraction of a second. */
const PATIENCE_MS = 30_000;

/** @throws Error when it does not come true. */
export async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !isTrue(); await sleep(LOOK_MS)) {
    if (performance.now() > end) throw new Error(`waited ${PATIENCE_MS} ms in vain: ${what}`);
  }
}

/** Files by which a worker says that it is about to hang. */
export class Marks {
  readonly #folder = mkdtempSync(join(tmpdir(), 'offthread-bench-'));
  #count = 0;

  next(): string {
    this.#count += 1;
    return join(this.#folder, String(this.#count));
  }

  /** Resolves when a worker has made it, and gone on to native code. */
  async made(mark: string): Promise<void> {
    await until('a worker hangs', () => existsSync(mark));
    // From the file to native code.
    await sleep(10);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
