/**
 * The code that runs inside a lane, thread or process.
 *
 *   resting ──doorbell──► draining ──ring empty──► spinning (bounded) ──► resting
 *                                                                           ├─ parked: the thread is blocked
 *                                                                           └─ napping (bounded) ──► asleep in the event loop
 *
 * A lane parks when nothing needs its event loop: a call then starts 20 to 40 µs earlier. It does not park while a
 * question waits for an answer there, nor ever once functions with callbacks are bound, because threads of native code
 * call back by the event loop, nor when other modules were loaded into it, which may have timers. A parked lane gives
 * its event loop a turn now and then (`LaneLink.park`). Whoever sends something to the event loop says so first (ASKED)
 * and then rings the doorbell.
 *
 * Guarantees:
 * - Rows run one after another, in the order written.
 * - HEAD moves past a row only after its result is in memory; the host reads only rows behind HEAD.
 * - No wake-up is lost: the lane writes SLEEPING and then reads TAIL again; the host writes TAIL and then reads
 *   SLEEPING. At least one of the two sees the write of the other. The same holds for ASKED: a lane that parks has seen
 *   every question, or is rung.
 */
import { Atomics, Math, Promise, performance, setImmediate } from '../src/builtins.js';
import { whenSettled } from '../src/promises.js';
import { Header, Phase } from '../src/shared/memory/layout.js';
import type { LaneMemory } from '../src/shared/memory/lane-memory.js';
import type { LaneSettings } from '../src/shared/messages/messages.js';
import { FunctionTable } from './function-table.js';
import { mostReadings } from '../src/shared/spin.js';
import { SpinBackoff } from '../src/shared/spin-backoff.js';
import { HostMessages, type Question } from './host-messages.js';
import { hasPreloads } from './preloads.js';
import type { LaneLink } from './lane-link.js';
import { LaneModules } from './modules/lane-modules.js';
import { ModuleRows } from './modules/module-rows.js';
import { ModuleRunner } from './modules/module-runner.js';
import { NOT_YET, RowRunner } from './row-runner.js';

/** µs for which a lane looks for the next call while the host is making calls: waking a lane takes µs of the host's. */
const MORE_US = 100;
/** ms without a call after which none is expected right behind the next one. */
const PAUSE_MS = 1;
/** ms for which a lane that may not park blocks its thread after work, before it sleeps in its event loop. */
const NAP_MS = 2;
/** µs for which a lane that was woken looks for the call: the host wakes it before it makes that call. */
const ROUSED_US = 20;
/** µs of calls, one after the other, from which they are long: to sleep and be woken takes less than half as long. */
const LONG_US = 150;

/** ms of the first park after a call, before the event loop has a turn: the resident size of a process is measured there. */
const FIRST_PARK_MS = 120;
/** ms of further ones: tasks of the garbage collector are done in between. */
const PARK_MS = 1_000;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class LaneRuntime {
  readonly memory: LaneMemory;
  readonly functions: FunctionTable;
  readonly messages: HostMessages;
  readonly #link: LaneLink;
  readonly #spinUs: number;
  readonly #rows: RowRunner;
  /** Whether modules of others run in this thread: they may need its event loop. */
  readonly #shared: boolean;
  readonly #name: string;
  readonly #backoff = new SpinBackoff();
  /** The rows of modules; null while this lane has none. */
  #modules: ModuleRows | null = null;
  /** The next row: rows before it are done. */
  #cursor: number;

  /**
   * @param answer answers a question of the host; called between calls.
   * @param name that of the lane.
   */
  constructor(
    memory: LaneMemory,
    settings: LaneSettings,
    link: LaneLink,
    answer: (question: Question) => void = () => {},
    name = '',
  ) {
    this.#name = name;
    this.memory = memory;
    this.#link = link;
    this.#spinUs = settings.spinUs;
    this.#shared = hasPreloads();
    this.functions = new FunctionTable(memory, settings, link);
    this.messages = new HostMessages(memory, link, this.functions, answer, (order, functions) => {
      const { table } = this.modules();
      table.add(order, functions);
      void this.#tellWhenSettled(table);
    });
    this.#rows = new RowRunner(memory, link, this.functions, this.messages, settings.clockOrigin);
    this.#cursor = Atomics.load(memory.i32, Header.HEAD);
  }

  /** Before the lane ends. */
  async tearDown(): Promise<void> {
    this.#modules?.runner.kept.release(0);
    await this.#modules?.table.tearDown();
  }

  /** Number of calls run so far. */
  get calls(): number {
    return this.#rows.calls;
  }

  /** Whether every row written so far is done. */
  get isThrough(): boolean {
    return this.#cursor === Atomics.load(this.memory.i32, Header.TAIL);
  }

  /** What serves the modules of this lane. */
  modules(): ModuleRows {
    if (this.#modules === null) {
      const { memory, messages } = this;
      const table = new LaneModules(memory, this.#name);
      const runner = new ModuleRunner(memory, this.#link, messages, this.functions.ends);
      this.#modules = new ModuleRows(memory, this.#link, messages, table, runner);
      this.#rows.modules = this.#modules;
      messages.onRelease = (id) => runner.kept.release(id);
      messages.onAnswer = (request, outcome) => runner.functions.answered(request, outcome);
    }
    return this.#modules;
  }

  /**
   * Binds the announced functions and loads the announced modules, then tells the host that this lane runs: no call pays
   * for loading an engine.
   */
  async announce(): Promise<void> {
    this.messages.receive();
    if (this.#modules !== null) await this.#modules.table.settled();
    this.memory.i32[Header.PHASE] = Phase.IDLE;
    Atomics.store(this.memory.i32, Header.READY, 1);
    this.#link.ring();
  }

  /** Runs rows until the thread ends. */
  async serve(): Promise<never> {
    const { i32 } = this.memory;
    // Whoever boots the lane goes on first.
    await turn();
    let parkMs = FIRST_PARK_MS;
    for (let woken = false; ; ) {
      const began = performance.now();
      const ran = this.drain();
      if (this.#modules !== null) {
        if (Atomics.load(i32, Header.LEAVE) !== 0 && !this.#modules.busy) process.exit(0);
        await this.#modules.breathe();
        if (this.#waits()) {
          await this.#modules.wait(() => this.#waits());
          continue;
        }
      }
      if (ran ? this.#spinAfter(began) : woken && this.#spin(ROUSED_US)) continue;
      woken = false;
      const bell = Atomics.load(i32, Header.DOORBELL);
      Atomics.store(i32, Header.SLEEPING, 1);
      if (this.#modules !== null) this.messages.receive();
      this.messages.serve();
      // LEAVE is read after the bell: the host sets it before it rings, so either it is seen here or the bell has changed.
      if (this.isThrough && Atomics.load(i32, Header.LEAVE) === 0) {
        if (this.#parks) {
          woken = this.#link.park(Header.DOORBELL, bell, parkMs);
          parkMs = woken ? FIRST_PARK_MS : PARK_MS;
          if (!woken) await turn();
        } else {
          woken = ran && this.#link.wait(Header.DOORBELL, bell, NAP_MS);
          if (!woken) await this.#link.sleep(Header.DOORBELL, bell);
        }
      }
      Atomics.store(i32, Header.SLEEPING, 0);
    }
  }

  /** Runs every row written so far, and waits for those that go on. */
  async drained(): Promise<void> {
    for (this.drain(); !this.isThrough || this.#modules?.busy === true; this.drain()) await turn();
  }

  /** Runs every row written so far that may start. Called between rows only. @returns whether a row ran. */
  drain(): boolean {
    const { i32 } = this.memory;
    let ran = false;
    for (;;) {
      const tail = Atomics.load(i32, Header.TAIL);
      if (this.#cursor === tail || this.#modules?.mayStart(this.#cursor) === false) {
        if (ran) this.#link.ring();
        return ran;
      }
      this.#rows.forgetTime();
      do {
        const goesOn = this.#rows.run(this.#cursor);
        if (goesOn !== null) {
          if (goesOn === NOT_YET) break;
          this.#opened(goesOn);
        }
        this.#cursor = (this.#cursor + 1) | 0;
        Atomics.store(i32, Header.HEAD, this.#modules?.oldest(this.#cursor) ?? this.#cursor);
        i32[Header.PHASE] = Phase.IDLE;
        if (((this.#cursor - Atomics.load(i32, Header.RING_AT)) | 0) >= 0) this.#link.ring();
      } while (this.#cursor !== tail && this.#modules?.mayStart(this.#cursor) !== false);
      ran = true;
    }
  }

  /** A row goes on. */
  #opened(goesOn: Promise<void>): void {
    const rows = this.modules();
    const sequence = this.#cursor;
    rows.opened(sequence);
    void whenSettled(goesOn, () => {
      rows.ended();
      Atomics.store(this.memory.i32, Header.HEAD, rows.oldest(this.#cursor));
      this.#link.ring();
    });
  }

  /** Whether rows go on, and no other may start. */
  #waits(): boolean {
    const rows = this.#modules as ModuleRows;
    if (this.isThrough) return rows.busy;
    return !rows.mayStart(this.#cursor);
  }

  async #tellWhenSettled(table: LaneModules): Promise<void> {
    await table.settled();
    await turn();
    this.#modules?.changed();
  }

  /** Whether nothing needs this thread's event loop. */
  get #parks(): boolean {
    const { i32 } = this.memory;
    if (this.#modules !== null || this.#shared || this.functions.writer !== null) return false;
    return Atomics.load(i32, Header.ASKED) === Atomics.load(i32, Header.ANSWERED);
  }

  /**
   * After long calls, spins become rare while they find nothing: native code may run on every core, and then the spin
   * takes the core that the host needs to make the next call.
   * @param began when the calls began, in ms.
   * @returns whether another call has arrived.
   */
  #spinAfter(began: number): boolean {
    // After a pause, the host makes no second call within the time of a spin, and may need this core for the first.
    if (this.#rows.pauseMs > PAUSE_MS) return this.#spin(0);
    if ((performance.now() - began) * 1_000 < LONG_US) return this.#spin(this.#spinUs);
    if (!this.#backoff.may()) return false;
    const found = this.#spin(this.#spinUs);
    this.#backoff.took(found);
    return found;
  }

  /** @returns whether a call arrived during the spin. */
  #spin(leastUs: number): boolean {
    const { i32 } = this.memory;
    const start = performance.now();
    const mostUs = Math.max(leastUs, MORE_US);
    let left = mostReadings(mostUs);
    let us = leastUs;
    do {
      for (let look = 0; look < 50; look += 1) if (!this.isThrough) return true;
      left -= 1;
      us = i32[Header.MORE_TO_COME] === 1 ? mostUs : leastUs;
    } while (left > 0 && (performance.now() - start) * 1_000 < us);
    return false;
  }
}
