/**
 * The host's side of a lane's memory: writes rows at the tail, takes results
 * behind the head.
 *
 * Guarantees:
 * - A row's space (slot and payload) is released exactly once, in the order of the rows, and only after the lane has
 *   moved past it. So no memory that native code may still use is reused, and counters cannot drift: `occupied` is the
 *   distance between two positions.
 * - `write` either writes the whole call or nothing.
 * - Bytes outside the arena are held until their row is released.
 */
import { Atomics, Math } from '../../builtins.js';
import type { HeldBytes } from '../../declare/values/held-bytes.js';
import {
  Header,
  Interrupt,
  ROW_ARGUMENTS,
  ROW_CELLS,
  Request,
  RowDouble,
  RowWord,
} from '../../shared/memory/layout.js';
import { arenaStart } from '../../shared/memory/layout.js';
import type { LaneMemory } from '../../shared/memory/lane-memory.js';
import { Disorder } from '../../shared/messages/disorder.js';
import { NO_TEXT } from '../../shared/memory/payload.js';
import {
  RUNNING_STATES,
  State,
  generationIn,
  generationOf,
  stateIn,
  stateWord,
  transition,
} from '../../shared/memory/states.js';
import { Arena } from '../memory/arena.js';
import { Blocks, packBatch } from './pack-batch.js';
import { NO_ROOM, type Place, pack, packNumbers } from './pack.js';
import { type ValueRows, valueRows } from './value-rows.js';
import { lentArguments } from './given-bytes.js';
import type { ExternalMemory } from '../memory/external-memory.js';
import type { Ticket } from './ticket.js';

/** For calls without strings or bytes; always empty. */
const NONE: HeldBytes[] = [];
const NO_EXTERNALS: readonly HeldBytes[] = NONE;
const NO_PLACES: Place[] = [];

/** The states in which a lane leaves a call. */
const ENDED: ReadonlySet<State> = new Set([State.succeeded, State.failed, State.cancelled, State.timedOut]);
/** ms to wait for an interrupt function: they are short. */
const INTERRUPT_MS = 50;

function filled<V>(length: number, value: V): V[] {
  // `Array.from` takes most of a millisecond for the rows of a lane.
  // oxlint-disable-next-line unicorn/no-new-array
  return new Array<V>(length).fill(value);
}

/** Whether a call may have bytes outside the arena. */
function needsExternals({ fn, items }: Ticket): boolean {
  return (fn.plan.hasData && fn.module === null) || items !== null;
}

export class LaneRing<T extends Ticket> {
  readonly memory: LaneMemory;
  /** Row of the oldest call that has not been released. */
  head: number;
  /** Row of the next call. */
  tail: number;
  #published: number;
  #moreToCome = false;
  readonly #arena: Arena;
  readonly #arenaStart: number;
  /** Memory for bytes that do not fit in the arena. */
  readonly externalMemory: ExternalMemory;
  readonly #tickets: (T | null)[];
  readonly #externals: (readonly HeldBytes[])[];
  readonly #marks: Float64Array;
  readonly #blocks: Blocks;

  /** Positions of the payloads, kept on the host because faulty native code may overwrite the lane's memory. */
  readonly #payloads: Int32Array;
  /** Positions of the strings and bytes of each row, kept on the host for the same reason. */
  readonly #places: (Place[] | undefined)[];

  /** @param first sequence number to start from: any int32. */
  constructor(memory: LaneMemory, externalMemory: ExternalMemory, first = 0) {
    const { size } = memory;
    this.memory = memory;
    this.#arenaStart = arenaStart(size);
    this.#arena = new Arena(this.#arenaStart, size.arenaBytes);
    this.#blocks = new Blocks(size);
    this.externalMemory = externalMemory;
    this.#payloads = new Int32Array(size.rows);
    this.#places = filled<Place[] | undefined>(size.rows, undefined);
    this.#tickets = filled<T | null>(size.rows, null);
    this.#externals = filled(size.rows, NO_EXTERNALS);
    this.#marks = new Float64Array(size.rows);
    this.head = first;
    this.tail = first;
    this.#published = first;
    Atomics.store(this.memory.i32, Header.HEAD, first);
    Atomics.store(this.memory.i32, Header.TAIL, first);
  }

  /** Number of rows that have not been released. */
  get occupied(): number {
    return (this.tail - this.head) | 0;
  }

  /**
   * Sequence number after the last row that the lane has finished. If the lane's memory has an impossible value, no row
   * counts as finished.
   */
  get done(): number {
    const done = Atomics.load(this.memory.i32, Header.HEAD);
    return this.#mayBeDone(done) ? done : this.head;
  }

  /** The same, for taking results. @throws Disorder if the lane's memory has an impossible value. */
  finished(): number {
    const done = Atomics.load(this.memory.i32, Header.HEAD);
    if (!this.#mayBeDone(done)) throw new Disorder('the position of the lane in its call table');
    return done;
  }

  /** Number of rows that the lane has not finished. */
  get remaining(): number {
    return (this.tail - this.done) | 0;
  }

  /** Lets results accumulate: the lane rings an armed bell only after `count` more rows, or when its ring is empty. */
  gather(count: number): void {
    Atomics.store(this.memory.i32, Header.RING_AT, (this.head + count) | 0);
  }

  /** Whether the lane has passed the point at which it rings, or its ring is empty. */
  get rung(): boolean {
    const { done } = this;
    if (done === this.head) return false;
    return done === this.tail || ((done - Atomics.load(this.memory.i32, Header.RING_AT)) | 0) >= 0;
  }

  /**
   * Writes a call at the tail. The lane sees it after {@link publish}.
   * @returns its sequence number, or undefined if the ring or its arena is full.
   */
  write(ticket: T, announce: boolean): number | undefined {
    if (this.occupied > this.memory.mask) return undefined;
    if (ticket.fn.plan.hasData && this.externalMemory.exhausted) return undefined;
    const { memory } = this;
    const sequence = this.tail;
    const externals: HeldBytes[] = needsExternals(ticket) ? [] : NONE;
    const payload =
      ticket.fn.module === null
        ? this.#pack(ticket, sequence, externals)
        : this.#packValues(ticket, sequence);
    if (payload === NO_ROOM) return undefined;
    const { stream } = ticket.fn.plan;
    if (stream !== NO_TEXT) memory.f64[(payload + stream) / 8] = ticket.highWaterMark;
    const slot = sequence & memory.mask;
    const generation = generationOf(ticket.id);
    if (externals.length > 0) {
      // Before the row: the lane expects the message when it reaches the row.
      if (ticket.items !== null) this.externalMemory.send(sequence, externals);
      this.#externals[slot] = externals;
    }
    this.#tickets[slot] = ticket;
    this.#marks[slot] = this.#arena.mark;
    this.#payloads[slot] = payload;
    const word = memory.rowWord(sequence);
    memory.i32[word + RowWord.CANCEL] = 0;
    memory.i32[word + RowWord.INTERRUPT] = Interrupt.IDLE;
    memory.i32[word + RowWord.FUNCTION] = ticket.fn.number;
    memory.i32[word + RowWord.PAYLOAD] = payload;
    memory.i32[word + RowWord.OUTCOME] =
      (announce ? Request.ANNOUNCE_START : 0) | (ticket.items === null ? 0 : Request.BATCH);
    if (ticket.fn.hasProgress || ticket.items !== null) {
      const double = memory.rowDouble(sequence);
      memory.f64[double + RowDouble.DONE] = 0;
      memory.f64[double + RowDouble.TOTAL] = 0;
    }
    // A plain store: publishing orders it before the lane can see the row.
    memory.i32[word + RowWord.STATE] = stateWord(generation, State.queued);
    this.tail = (sequence + 1) | 0;
    return sequence;
  }

  /**
   * Writes plain calls, as many as there is room for: few arguments are in the row itself.
   * @returns how many it has written.
   */
  writePlain(tickets: readonly T[], count: number): number {
    const { memory } = this;
    const { i32, mask } = memory;
    let { fn } = tickets[0] as T;
    let { ops } = fn.plan;
    const most = Math.min(count, mask + 1 - this.occupied);
    const first = this.tail;
    let index = 0;
    for (; index < most; index += 1) {
      const ticket = tickets[index] as T;
      if (ticket.fn !== fn) {
        ({ fn } = ticket);
        ({ ops } = fn.plan);
      }
      const inRow = ops.length <= ROW_CELLS;
      const slot = (first + index) & mask;
      const word = memory.rowWord(slot);
      const payload = inRow ? word * 4 + ROW_ARGUMENTS : this.#arena.allocate(fn.plan.fixedBytes);
      if (payload < 0) break;
      if (!inRow) this.#marks[slot] = this.#arena.mark;
      packNumbers(memory, payload, ops, ticket.args);
      this.#tickets[slot] = ticket;
      this.#payloads[slot] = payload;
      i32[word + RowWord.CANCEL] = 0;
      i32[word + RowWord.INTERRUPT] = Interrupt.IDLE;
      i32[word + RowWord.FUNCTION] = fn.number;
      i32[word + RowWord.PAYLOAD] = payload;
      i32[word + RowWord.OUTCOME] = 0;
      // A plain store: publishing orders it before the lane can see the row.
      i32[word + RowWord.STATE] = stateWord(generationOf(ticket.id), State.queued);
    }
    this.tail = (first + index) | 0;
    return index;
  }

  #pack({ fn, args, items }: Ticket, sequence: number, externals: HeldBytes[]): number {
    const { memory, externalMemory } = this;
    const places = fn.plan.hasData ? this.places(sequence) : NO_PLACES;
    try {
      return items === null
        ? pack(memory, this.#arena, fn, args, externals, externalMemory, places)
        : packBatch(memory, this.#arena, this.#blocks, items, externals, externalMemory.lendsShared);
    } catch (error) {
      for (const held of externals) held.release();
      throw error;
    }
  }

  #packValues(ticket: Ticket, sequence: number): number {
    const row = { sequence, behind: this.occupied > 0 };
    return (valueRows.use as ValueRows).pack(this.memory, this.#arena, ticket, this.externalMemory, row);
  }

  /** Number of rows that are written and not published. */
  get unpublished(): number {
    return (this.tail - this.#published) | 0;
  }

  /** Makes all written rows visible to the lane, with one fence. */
  publish(): void {
    if (this.#published === this.tail) return;
    this.#published = this.tail;
    Atomics.store(this.memory.i32, Header.TAIL, this.tail);
  }

  /** Tells the lane whether more rows are published in this tick, with the next {@link publish}. */
  expectMore(more: boolean): void {
    if (this.#moreToCome === more) return;
    this.#moreToCome = more;
    this.memory.i32[Header.MORE_TO_COME] = more ? 1 : 0;
  }

  /** The call of a row that has not been released. */
  ticket(sequence: number): T {
    return this.#tickets[sequence & this.memory.mask] as T;
  }

  /** The bytes of the call of a row that are outside the arena. */
  externals(sequence: number): readonly HeldBytes[] {
    return this.#externals[sequence & this.memory.mask] as readonly HeldBytes[];
  }

  /** The positions of the strings and bytes of a row. */
  places(sequence: number): Place[] {
    return (this.#places[sequence & this.memory.mask] ??= []);
  }

  /** Whether bytes must be copied back after the call. */
  copiesBack(sequence: number): boolean {
    const { copiesBack } = this.ticket(sequence).fn;
    return copiesBack || (!this.externalMemory.lendsShared && this.externals(sequence) !== NO_EXTERNALS);
  }

  payload(sequence: number): number {
    return this.#payloads[sequence & this.memory.mask] as number;
  }

  outcome(sequence: number): number {
    return this.memory.i32[this.memory.rowWord(sequence) + RowWord.OUTCOME] as number;
  }

  state(sequence: number): State {
    return stateIn(Atomics.load(this.memory.i32, this.memory.rowWord(sequence) + RowWord.STATE));
  }

  /** The state of a row before {@link finished}, which has ordered this plain read: the lane changes it no more. */
  stateAtEnd(sequence: number): State {
    return stateIn(this.memory.i32[this.memory.rowWord(sequence) + RowWord.STATE] as number);
  }

  /** The part of its call's id that a row stores. */
  generation(sequence: number): number {
    return generationIn(Atomics.load(this.memory.i32, this.memory.rowWord(sequence) + RowWord.STATE));
  }

  /** Changes the state of a call's row. @returns whether the change won. */
  transition(sequence: number, id: number, from: State, to: State): boolean {
    return transition(
      this.memory.i32,
      this.memory.rowWord(sequence) + RowWord.STATE,
      generationOf(id),
      from,
      to,
    );
  }

  /** Whether a row belongs to a call and has not been released. */
  holds(sequence: number): boolean {
    return ((sequence - this.head) | 0) >= 0 && ((this.tail - sequence) | 0) > 0;
  }

  /** Sets the cancel flag of a row. */
  trip(sequence: number, cause: number): void {
    const index = this.memory.rowWord(sequence) + RowWord.CANCEL;
    Atomics.store(this.memory.i32, index, cause);
    Atomics.notify(this.memory.i32, index);
  }

  startedAt(sequence: number): number {
    return this.memory.f64[this.memory.rowDouble(sequence) + RowDouble.STARTED] as number;
  }

  endedAt(sequence: number): number {
    return this.memory.f64[this.memory.rowDouble(sequence) + RowDouble.ENDED] as number;
  }

  /** Releases the row at the head, which the lane has moved past. */
  free(): void {
    const slot = this.head & this.memory.mask;
    // Arguments in the row itself are not in the arena.
    if ((this.#payloads[slot] as number) >= this.#arenaStart) this.#arena.free(this.#marks[slot] as number);
    if ((this.#tickets[slot] as T).items !== null) this.#blocks.give();
    this.#tickets[slot] = null;
    this.#release(slot);
    this.head = (this.head + 1) | 0;
  }

  /** The same for the row of a plain call. */
  freePlain(): void {
    const slot = this.head & this.memory.mask;
    if ((this.#payloads[slot] as number) >= this.#arenaStart) this.#arena.free(this.#marks[slot] as number);
    this.#tickets[slot] = null;
    this.head = (this.head + 1) | 0;
  }

  /** The lane is over: nothing uses the bytes of its rows any more. */
  releaseAll(): void {
    for (let slot = 0; slot <= this.memory.mask; slot += 1) this.#release(slot);
  }

  #release(slot: number): void {
    const externals = this.#externals[slot] as readonly HeldBytes[];
    if (externals === NO_EXTERNALS) return;
    this.#externals[slot] = NO_EXTERNALS;
    for (const held of externals) held.release();
  }

  /** The lane is dead: a call that it had finished, but not moved past, counts as done. */
  concede(): void {
    let { done } = this;
    while (done !== this.tail && ENDED.has(this.state(done))) done = (done + 1) | 0;
    Atomics.store(this.memory.i32, Header.HEAD, done);
  }

  /**
   * The lane is dead, and its call is about to settle: no further interrupt function starts, and a running one is
   * awaited briefly, because it may use memory that the caller is about to free. For thread lanes only: the memory must
   * be shared.
   */
  closeInterrupt(sequence: number, id: number): void {
    for (const from of RUNNING_STATES) {
      this.transition(sequence, id, from, State.lost);
    }
    const index = this.memory.rowWord(sequence) + RowWord.INTERRUPT;
    Atomics.wait(this.memory.i32, index, Interrupt.RUNNING, INTERRUPT_MS);
  }

  /** The arguments of a call with the bytes that native code received: the caller's buffers may have changed since. */
  lentArguments(sequence: number): readonly unknown[] {
    const { fn, args } = this.ticket(sequence);
    if (fn.module !== null) {
      return (valueRows.use as ValueRows).takeBack(this.memory, this.payload(sequence), args);
    }
    return lentArguments(this.memory, this.places(sequence), fn, args, this.externals(sequence));
  }

  #mayBeDone(done: number): boolean {
    return (done - this.head) >>> 0 <= (this.tail - this.head) >>> 0;
  }

  /** Takes back every call the lane has not started, oldest first. */
  withdraw(): T[] {
    const taken: T[] = [];
    for (let sequence = this.head; sequence !== this.tail; sequence = (sequence + 1) | 0) {
      const ticket = this.ticket(sequence);
      if (!this.transition(sequence, ticket.id, State.queued, State.withdrawn)) continue;
      ticket.args = this.lentArguments(sequence);
      taken.push(ticket);
    }
    return taken;
  }
}
