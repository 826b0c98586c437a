/**
 * The messages that a lane has sent in addition to the table, sorted by kind. Texts and errors of calls are in the
 * order of their rows, payloads of records in the order of each pipe. Messages are read synchronously, so this works
 * while the host blocks.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { ValueMessage } from '../../shared/messages/module-messages.js';
import type { ErrorData, ToHost } from '../../shared/messages/messages.js';

type Answer = Extract<ToHost, { generation: number }>;
type Reply = Extract<ToHost, { kind: 'reply' }>;
type LastWords = Extract<ToHost, { kind: 'last-words' }>;

/** Reads the messages of a thread lane. */
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
  readonly #calls: (ArrayBuffer | ValueMessage)[] = [];
  readonly #chunks: (ArrayBuffer | ValueMessage)[] = [];
  #lastWords: LastWords | undefined;

  /**
   * @param next returns the next message that has arrived.
   * @param replied called with answers to questions.
   */
  constructor(next: () => ToHost | undefined, replied: (reply: Reply) => void = () => {}) {
    this.#next = next;
    this.#replied = replied;
  }

  /** The message for a call. Messages for earlier calls are dropped: these calls are no longer awaited. */
  answer(generation: number): Answer | undefined {
    for (;;) {
      const answer = this.#answers.shift() ?? this.#receive((): Answer | undefined => this.#answers.shift());
      if (answer === undefined || answer.generation === generation) return answer;
    }
  }

  /** The payload of the next record of a pipe that was sent by message; undefined if it was lost when the lane died. */
  payload(chunk: boolean): ArrayBuffer | ValueMessage | undefined {
    const payloads = chunk ? this.#chunks : this.#calls;
    return payloads.shift() ?? this.#receive(() => payloads.shift());
  }

  /** Takes all messages that have arrived, to make room for more. */
  takeAll(): void {
    this.#receive(() => undefined);
  }

  /** The error that ended the lane's thread, if the thread could send it. */
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
