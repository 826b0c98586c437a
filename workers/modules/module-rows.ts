/**
 * The rows of a lane that has modules: which may start, and which has started and not ended.
 *
 *   next row ──may start──► open ──its promise settles──► ended
 *
 * Guarantees:
 * - A row starts only after its module is set up, and while no other is open.
 * - HEAD is the oldest row that has not ended, so the host never takes back a row that is open.
 * - The event loop runs while a call is open: nothing here blocks the thread.
 */
import { Atomics, Promise, performance, setImmediate } from '../../src/builtins.js';
import { race, resolved } from '../../src/promises.js';
import type { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import { Header, Phase, RowWord } from '../../src/shared/memory/layout.js';
import type { HostMessages } from '../host-messages.js';
import type { LaneLink } from '../lane-link.js';
import type { LaneModules } from './lane-modules.js';
import type { ModuleRunner } from './module-runner.js';

/** ms of calls, one after the other, after which the event loop has a turn. */
const TURN_MS = 5;

/** What is due at once, of promises. */
const microtasks = (): Promise<void> => resolved(undefined);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class ModuleRows {
  readonly table: LaneModules;
  readonly runner: ModuleRunner;
  readonly #memory: LaneMemory;
  readonly #link: LaneLink;
  readonly #messages: HostMessages;
  /** The row whose promise is pending. */
  #open: number | null = null;
  /** Resolves at the next event: a row has ended, a module is set up. */
  #event: Promise<void> | null = null;
  #tell: () => void = () => {};
  /** The sleep that has not ended: another would wake up together with it. */
  #sleeping: Promise<unknown> | null = null;
  #turnAt = 0;

  constructor(
    memory: LaneMemory,
    link: LaneLink,
    messages: HostMessages,
    table: LaneModules,
    runner: ModuleRunner,
  ) {
    this.#memory = memory;
    this.#link = link;
    this.#messages = messages;
    this.table = table;
    this.runner = runner;
  }

  /** Whether a call is open. */
  get busy(): boolean {
    return this.#open !== null;
  }

  /** Whether the row at `cursor` may start now. */
  mayStart(cursor: number): boolean {
    if (this.busy) return false;
    if (!this.table.loading) return true;
    const { i32 } = this.#memory;
    return this.table.find(i32[this.#memory.rowWord(cursor) + RowWord.FUNCTION] as number) !== undefined;
  }

  /** A row has started, and goes on. */
  opened(sequence: number): void {
    this.#open = sequence;
  }

  /** A row that went on has ended. */
  ended(): void {
    this.#open = null;
    this.changed();
  }

  /** The oldest row that has not ended. @param cursor the next row that has not started. */
  oldest(cursor: number): number {
    return this.#open ?? cursor;
  }

  /** A module is set up, or has failed. */
  changed(): void {
    this.#event = null;
    this.#tell();
  }

  /** Gives the event loop a turn if it has had none for some ms. */
  async breathe(): Promise<void> {
    const now = performance.now();
    // What the calls have left to do at once is done in any case.
    if (now - this.#turnAt < TURN_MS) {
      await microtasks();
      return;
    }
    await turn();
    this.#turnAt = performance.now();
  }

  /**
   * Waits, in the event loop, until the row at `cursor` may start, there is one, or all rows have ended.
   * @param waits whether there is still something to wait for.
   */
  async wait(waits: () => boolean): Promise<void> {
    // Most promises settle at once, or within a turn.
    for (let tries = 0; tries < 3 && waits(); tries += 1) await microtasks();
    if (waits()) await turn();
    const { i32 } = this.#memory;
    i32[Header.PHASE] = this.busy ? Phase.CALL : Phase.IDLE;
    while (waits()) {
      const bell = Atomics.load(i32, Header.DOORBELL);
      Atomics.store(i32, Header.SLEEPING, 1);
      this.#messages.receive();
      this.#messages.serve();
      this.runner.checkFlags();
      if (waits()) await race([this.#sleep(bell), this.#next()]);
      Atomics.store(i32, Header.SLEEPING, 0);
      this.runner.checkFlags();
    }
    this.#turnAt = performance.now();
  }

  #next(): Promise<void> {
    this.#event ??= new Promise((resolve) => {
      this.#tell = resolve;
    });
    return this.#event;
  }

  #sleep(bell: number): Promise<unknown> {
    this.#sleeping ??= this.#sleepOnce(bell);
    return this.#sleeping;
  }

  async #sleepOnce(bell: number): Promise<void> {
    await this.#link.sleep(Header.DOORBELL, bell);
    this.#sleeping = null;
  }
}
