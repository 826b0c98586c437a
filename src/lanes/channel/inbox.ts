/**
 * What a lane has sent beside the table, sorted. Each kind is in order: the
 * texts and errors of calls in that of their rows, the payloads of records in
 * that of each pipe. Read synchronously, so it works while the host blocks.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { ErrorData, ToHost } from '../../shared/messages/messages.js';

type Answer = Extract<ToHost, { generation: number }>;
type Reply = Extract<ToHost, { kind: 'reply' }>;
type LastWords = Extract<ToHost, { kind: 'last-words' }>;

/** Reads what a thread lane sends. */
export function portReader(port: MessagePort): () => ToHost | undefined {
  return () => {
    const received: { message: ToHost } | undefined = receiveMessageOnPort(port);
    return received?.message;
  };
}

export class Inbox {
  readonly #next: () => ToHost | undefined;
  readonly #replied: (reply: Reply) => void;
  readonly #answers: Answer[] = [];
  readonly #calls: ArrayBuffer[] = [];
  readonly #chunks: ArrayBuffer[] = [];
  #lastWords: LastWords | undefined;

  /**
   * @param next gives the next message that is here.
   * @param replied is told of answers to questions.
   */
  constructor(next: () => ToHost | undefined, replied: (reply: Reply) => void = () => {}) {
    this.#next = next;
    this.#replied = replied;
  }

  /** What came for a call. Messages for earlier ones belong to calls that are no longer awaited. */
  answer(generation: number): Answer | undefined {
    for (;;) {
      const answer = this.#answers.shift() ?? this.#receive((): Answer | undefined => this.#answers.shift());
      if (answer === undefined || answer.generation === generation) return answer;
    }
  }

  /** The payload of the next record of a pipe that has one here; undefined when the lane's death has swallowed it. */
  payload(chunk: boolean): ArrayBuffer | undefined {
    const payloads = chunk ? this.#chunks : this.#calls;
    return payloads.shift() ?? this.#receive(() => payloads.shift());
  }

  /** Takes everything that is here, so that a lane with more to send has room for it. */
  takeAll(): void {
    this.#receive(() => undefined);
  }

  /** What the lane's thread died of, where it could say so. */
  lastWords(): ErrorData | undefined {
    if (this.#lastWords === undefined) this.#receive(() => this.#lastWords);
    return this.#lastWords?.error;
  }

  #receive<T>(wanted: () => T | undefined): T | undefined {
    for (;;) {
      const message = this.#next();
      if (message === undefined) return undefined;
      if (message.kind === 'reply') this.#replied(message);
      else if (message.kind === 'last-words') this.#lastWords = message;
      else if (message.kind !== 'record') this.#answers.push(message);
      else (message.chunk ? this.#chunks : this.#calls).push(message.payload);
      const found = wanted();
      if (found !== undefined) return found;
    }
  }
}
