/** What a process lane was asked and has not answered. Every question is answered, or fails with the lane. */
import { Promise } from '../../builtins.js';
import type { ErrorData, LaneReport } from '../../shared/messages/messages.js';

/** An answer: how the lane is, and what went wrong with what it was asked to do. */
export interface Answer {
  readonly report: LaneReport;
  readonly error: ErrorData | null;
}

interface Asked {
  answer(answer: Answer): void;
  fail(reason: unknown): void;
}

export class Questions {
  readonly #asked = new Map<number, Asked>();
  #last = 0;

  /** Whether the host waits for an answer. */
  get open(): boolean {
    return this.#asked.size > 0;
  }

  /** @param send passes the question on, by its number. @throws (rejects) what {@link fail} was given. */
  async ask(send: (id: number) => void): Promise<Answer> {
    this.#last += 1;
    const id = this.#last;
    try {
      return await new Promise((answer, fail) => {
        this.#asked.set(id, { answer, fail });
        send(id);
      });
    } finally {
      this.#asked.delete(id);
    }
  }

  answered(id: number, answer: Answer): void {
    this.#asked.get(id)?.answer(answer);
  }

  /** Nothing that was asked will be answered. */
  fail(reason: unknown): void {
    for (const { fail } of this.#asked.values()) fail(reason);
  }
}
