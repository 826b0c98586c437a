/**
 * The code that runs inside a lane, thread or process.
 *
 *   asleep ──doorbell──► draining ──ring empty──► spinning (bounded) ──► napping (bounded) ──► asleep
 *
 * Guarantees:
 * - Rows run one after another, in the order written.
 * - HEAD moves past a row only after its result is in memory; the host reads only rows behind HEAD.
 * - No wake-up is lost: the lane writes SLEEPING and then reads TAIL again; the host writes TAIL and then reads
 *   SLEEPING. At least one of the two sees the write of the other.
 */
import { Atomics, Math, performance } from '../src/builtins.js';
import { Header, Phase } from '../src/shared/memory/layout.js';
import type { LaneMemory } from '../src/shared/memory/lane-memory.js';
import type { LaneSettings } from '../src/shared/messages/messages.js';
import { FunctionTable } from './function-table.js';
import { mostReadings } from '../src/shared/spin.js';
import { HostMessages, type Question } from './host-messages.js';
import type { LaneLink } from './lane-link.js';
import { RowRunner } from './row-runner.js';

/** µs for which a lane looks for the next call while the host is making calls: waking a lane takes µs of the host's. */
const MORE_US = 100;

/**
 * ms for which a lane naps (blocks its thread) after work before it sleeps in its event loop: a call that follows soon
 * then starts 30 µs earlier.
 */
const NAP_MS = 2;

export class LaneRuntime {
  readonly memory: LaneMemory;
  readonly functions: FunctionTable;
  readonly messages: HostMessages;
  readonly #link: LaneLink;
  readonly #spinUs: number;
  readonly #rows: RowRunner;
  /** The next row: rows before it are done. */
  #cursor: number;

  /** @param answer answers a question of the host; called between calls. */
  constructor(
    memory: LaneMemory,
    settings: LaneSettings,
    link: LaneLink,
    answer: (question: Question) => void = () => {},
  ) {
    this.memory = memory;
    this.#link = link;
    this.#spinUs = settings.spinUs;
    this.functions = new FunctionTable(memory, settings, link);
    this.messages = new HostMessages(memory, link, this.functions, answer);
    this.#rows = new RowRunner(memory, link, this.functions, this.messages, settings.clockOrigin);
    this.#cursor = Atomics.load(memory.i32, Header.HEAD);
  }

  /** Number of calls run so far. */
  get calls(): number {
    return this.#rows.calls;
  }

  /** Whether every row written so far is done. */
  get isThrough(): boolean {
    return this.#cursor === Atomics.load(this.memory.i32, Header.TAIL);
  }

  /** Binds the announced functions, then tells the host that this lane runs: no call pays for loading an engine. */
  announce(): void {
    this.messages.receive();
    this.memory.i32[Header.PHASE] = Phase.IDLE;
    Atomics.store(this.memory.i32, Header.READY, 1);
    this.#link.ring();
  }

  /** Runs rows until the thread ends. */
  async serve(): Promise<never> {
    const { i32 } = this.memory;
    for (;;) {
      const ran = this.drain();
      if (ran && this.#spin()) continue;
      const bell = Atomics.load(i32, Header.DOORBELL);
      Atomics.store(i32, Header.SLEEPING, 1);
      this.messages.serve();
      if (this.isThrough && (!ran || !this.#link.wait(Header.DOORBELL, bell, NAP_MS))) {
        await this.#link.sleep(Header.DOORBELL, bell);
      }
      Atomics.store(i32, Header.SLEEPING, 0);
    }
  }

  /** Runs every row written so far. Called between rows only. @returns whether a row ran. */
  drain(): boolean {
    const { i32 } = this.memory;
    let ran = false;
    for (;;) {
      const tail = Atomics.load(i32, Header.TAIL);
      if (this.#cursor === tail) {
        if (ran) this.#link.ring();
        return ran;
      }
      this.#rows.forgetTime();
      do {
        this.#rows.run(this.#cursor);
        this.#cursor = (this.#cursor + 1) | 0;
        Atomics.store(i32, Header.HEAD, this.#cursor);
        i32[Header.PHASE] = Phase.IDLE;
        if (((this.#cursor - Atomics.load(i32, Header.RING_AT)) | 0) >= 0) this.#link.ring();
      } while (this.#cursor !== tail);
      ran = true;
    }
  }

  /** @returns whether a call arrived during the spin. */
  #spin(): boolean {
    const { i32 } = this.memory;
    const start = performance.now();
    const mostUs = Math.max(this.#spinUs, MORE_US);
    let left = mostReadings(mostUs);
    let us = this.#spinUs;
    do {
      for (let look = 0; look < 50; look += 1) if (!this.isThrough) return true;
      left -= 1;
      us = i32[Header.MORE_TO_COME] === 1 ? mostUs : this.#spinUs;
    } while (left > 0 && (performance.now() - start) * 1_000 < us);
    return false;
  }
}
