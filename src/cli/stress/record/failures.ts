/** Counts of failed calls, by kind and by what they said, in bounded memory. */
import { OffthreadError } from 'offthread';
import { inCommandWords } from '../../console/command-words.js';
import type { FailureSample } from '../load/load-types.js';

/** Different errors that are kept; further ones are only counted by kind. */
const MOST = 20;

export class Failures {
  readonly #kinds = new Map<string, number>();
  readonly #samples = new Map<string, { sample: FailureSample; count: number }>();

  record(error: unknown, item: number): void {
    const kind = error instanceof OffthreadError ? error.kind : 'other';
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
    const message = error instanceof Error ? inCommandWords(error.message) : String(error);
    // Numbers in messages (ids, arguments, times) differ from call to call.
    const key = `${kind} ${message.replaceAll(/\d+/g, '#')}`;
    const known = this.#samples.get(key);
    if (known !== undefined) known.count += 1;
    else if (this.#samples.size < MOST) {
      this.#samples.set(key, { sample: { kind, message, item, count: 1 }, count: 1 });
    }
  }

  get byKind(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#kinds);
  }

  get samples(): readonly FailureSample[] {
    return [...this.#samples.values()]
      .map(({ sample, count }) => ({ ...sample, count }))
      .sort((one, other) => other.count - one.count);
  }
}
