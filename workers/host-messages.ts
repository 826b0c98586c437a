/**
 * The messages that the host sends to a lane in addition to the table: libraries, columns of batches, closed callbacks,
 * questions.
 *
 * Guarantees:
 * - Messages are read in the order in which they were sent. They can be read during a call, but a question is answered
 *   between two calls.
 * - The lent columns of a batch are kept until the lane reaches their row, or a later one.
 */
import { Atomics } from '../src/builtins.js';
import type { LaneMemory } from '../src/shared/memory/lane-memory.js';
import { Header, Phase } from '../src/shared/memory/layout.js';
import type { ToLane } from '../src/shared/messages/messages.js';
import type { ModuleOrder, NumberedExport, ValueMessage } from '../src/shared/messages/module-messages.js';
import type { Callable, FunctionTable } from './function-table.js';
import type { LaneLink } from './lane-link.js';

/** A question of the host, to be answered between calls. */
export type Question = Extract<ToLane, { kind: 'ask' | 'try' | 'load' }>;

/** ms between checks for the rest of a declaration. */
const PIECE_MS = 2;

export class HostMessages {
  readonly #memory: LaneMemory;
  readonly #link: LaneLink;
  readonly #functions: FunctionTable;
  readonly #answer: (question: Question) => void;
  readonly #onModule: (order: ModuleOrder, functions: readonly NumberedExport[]) => void;
  /** Arguments for rows not yet reached, in the same way as the columns. */
  readonly #values = new Map<number, ValueMessage>();
  /** Columns for rows not yet reached, by sequence number, in the order of the rows. */
  readonly #columns = new Map<number, readonly Uint8Array[]>();
  readonly #questions: Question[] = [];
  /** Values that the host no longer needs, to be disposed of between two calls. */
  readonly #released: number[] = [];
  /** Called with each of them. */
  onRelease: (id: number) => void = () => {};
  /** Called with the answers of functions on the host. */
  onAnswer: (request: number, outcome: Extract<ToLane, { kind: 'answer' }>['outcome']) => void = () => {};

  /**
   * @param answer answers a question of the host; called between calls.
   * @param onModule called with functions of a module that rows may call.
   */
  constructor(
    memory: LaneMemory,
    link: LaneLink,
    functions: FunctionTable,
    answer: (question: Question) => void,
    onModule: (order: ModuleOrder, functions: readonly NumberedExport[]) => void,
  ) {
    this.#memory = memory;
    this.#link = link;
    this.#functions = functions;
    this.#answer = answer;
    this.#onModule = onModule;
  }

  /** Reads all messages of the host: binds libraries, and keeps columns for their rows. */
  receive(): void {
    for (;;) {
      const message = this.#link.receive();
      if (message === undefined) return;
      if (message.kind === 'columns') {
        this.#columns.set(message.sequence, message.columns);
        continue;
      }
      if (message.kind === 'values') {
        this.#values.set(message.sequence, message.message);
        continue;
      }
      if (message.kind === 'release') {
        this.#released.push(message.id);
        continue;
      }
      if (message.kind === 'answer') {
        this.onAnswer(message.request, message.outcome);
        continue;
      }
      if (message.kind === 'library') this.#loading(() => this.#functions.add(message));
      else if (message.kind === 'module') this.#onModule(message.order, message.functions);
      else if (message.kind === 'engine') this.#loading(() => this.#functions.prepare(message.engine));
      else if (message.kind === 'close-callback') this.#functions.closeCallback(message.id);
      else this.#questions.push(message);
      Atomics.add(this.#memory.i32, Header.BOUND, 1);
      this.#link.ring();
    }
  }

  /** Between two calls: reads the announcements of the host, and answers its questions. */
  serve(): void {
    const { i32 } = this.#memory;
    if (Atomics.load(i32, Header.ANNOUNCED) !== Atomics.load(i32, Header.BOUND)) this.receive();
    for (let id = this.#released.shift(); id !== undefined; id = this.#released.shift()) this.onRelease(id);
    for (let next = this.#questions.shift(); next !== undefined; next = this.#questions.shift()) {
      this.#answer(next);
    }
  }

  /**
   * The function that a row calls; waits for its declaration if necessary. @throws the error of binding the function.
   */
  functionOf(number: number): Callable {
    const known = this.#functions.get(number);
    if (known !== undefined) return known;
    const { i32 } = this.#memory;
    for (;;) {
      const bound = Atomics.load(i32, Header.BOUND);
      this.receive();
      const late = this.#functions.get(number);
      if (late !== undefined) return late;
      // A declaration too large for the messages comes in pieces.
      if (bound === Atomics.load(i32, Header.ANNOUNCED)) break;
      this.#link.wait(Header.MESSAGES_DOWN_WRITE, Atomics.load(i32, Header.MESSAGES_DOWN_WRITE), PIECE_MS);
    }
    throw new Error(`function ${number} was called before it was declared to this lane`);
  }

  /** The arguments of a row; waits for them if they come in pieces. */
  valuesOf(sequence: number): ValueMessage {
    const { i32 } = this.#memory;
    for (;;) {
      const seen = Atomics.load(i32, Header.MESSAGES_DOWN_WRITE);
      this.receive();
      for (const [row, message] of this.#values) {
        if (((row - sequence) | 0) > 0) break;
        // Earlier entries belong to calls that were cancelled.
        this.#values.delete(row);
        if (row === sequence) return message;
      }
      this.#link.wait(Header.MESSAGES_DOWN_WRITE, seen, PIECE_MS);
    }
  }

  /** The lent columns of a batch. */
  columnsOf(sequence: number): readonly Uint8Array[] {
    this.receive();
    for (const [row, columns] of this.#columns) {
      if (((row - sequence) | 0) > 0) break;
      // Earlier entries belong to batches that were cancelled or withdrawn.
      this.#columns.delete(row);
      if (row === sequence) return columns;
    }
    return [];
  }

  /** No call is responsible for what a library does when it is loaded. */
  #loading(load: () => void): void {
    const { i32 } = this.#memory;
    const before = i32[Header.PHASE] as number;
    i32[Header.PHASE] = Phase.BOOT;
    load();
    i32[Header.PHASE] = before;
  }
}
