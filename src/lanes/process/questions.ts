/** Open questions to a process lane. Every question is answered, or fails with the lane. */
import { Promise } from '../../builtins.js';
import type { ModuleAnswer } from '../../shared/messages/module-messages.js';
import type { ErrorData, LaneReport } from '../../shared/messages/messages.js';

/** An answer: the state of the lane, and the outcome of the requested operation, if any. */
export interface Answer {
  readonly report: LaneReport;
  readonly error: ErrorData | null;
  /** The file of a library that was opened, where the loader tells. */
  readonly file: string | null;
  /** What was found in a module that was to be loaded. */
  readonly module: ModuleAnswer | null;
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

  /** @param send sends the question with its number. @throws (rejects) the reason that was passed to {@link fail}. */
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

  /** Rejects all open questions. */
  fail(reason: unknown): void {
    for (const { fail } of this.#asked.values()) fail(reason);
  }
}
