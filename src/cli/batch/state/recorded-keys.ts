/** The keys that a journal has, one after another, without all of them in memory. */
import { readJournal } from './journal.js';
import { keyCount, keysFrom, sameKey } from './key-list.js';

export class RecordedKeys {
  readonly #records: ReturnType<typeof readJournal>;
  #left: number;
  #keys: Uint32Array = new Uint32Array(0);
  #at = 0;

  /** @param count number of keys to read. */
  constructor(path: string, count: number) {
    this.#records = readJournal(path);
    this.#left = count;
  }

  /** Number of keys that have not been read. */
  get left(): number {
    return this.#left;
  }

  /** Compares the next keys with those of items. @returns the places in the list where they differ. */
  async compare(keys: Uint32Array): Promise<number[]> {
    const different: number[] = [];
    const count = Math.min(keyCount(keys), this.#left);
    for (let at = 0; at < count; at += 1) {
      if (this.#at === keyCount(this.#keys)) await this.#read();
      if (!sameKey(keys, at, this.#keys, this.#at)) different.push(at);
      this.#at += 1;
      this.#left -= 1;
    }
    if (this.#left === 0) await this.#records.return();
    return different;
  }

  async #read(): Promise<void> {
    do {
      const next = await this.#records.next();
      if (next.done === true)
        throw new Error('The journal of the state directory has fewer keys than it says.');
      this.#keys = keysFrom(next.value.record.keys);
      this.#at = 0;
    } while (this.#keys.length === 0);
  }
}
