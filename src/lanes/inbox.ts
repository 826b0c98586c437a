/**
 * What a lane has sent by its data port, sorted. Each kind is in order: the
 * texts and errors of calls in that of their rows, the payloads of records in
 * that of each pipe. Read synchronously, so it works while the host blocks.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { ToHost } from '../shared/messages.js';

type Answer = Extract<ToHost, { generation: number }>;

export class Inbox {
  readonly #port: MessagePort;
  readonly #answers: Answer[] = [];
  readonly #calls: ArrayBuffer[] = [];
  readonly #chunks: ArrayBuffer[] = [];

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /** What came for a call. What came for earlier ones is of calls nobody waits for. */
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

  #receive<T>(wanted: () => T | undefined): T | undefined {
    for (;;) {
      const received: { message: ToHost } | undefined = receiveMessageOnPort(this.#port);
      if (received === undefined) return undefined;
      const { message } = received;
      if (message.kind !== 'record') this.#answers.push(message);
      else (message.chunk ? this.#chunks : this.#calls).push(message.payload);
      const found = wanted();
      if (found !== undefined) return found;
    }
  }
}
