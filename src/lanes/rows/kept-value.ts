/**
 * A value that stays in its lane: a database, a prepared statement. The host has this in its place, and passes it to
 * functions of the module in a session of that lane.
 *
 *   kept ──► released: by its owner, by the garbage collector, or with the session; the lane disposes of the value
 *
 * Guarantee: the lane is told once.
 */
import { ArgumentError } from '../../errors.js';

/** Tells the lane of a value. @param id 0 for all values. */
type Tell = (id: number) => void;

const forgotten = new FinalizationRegistry<() => void>((release) => release());

/** The token of a value that a lane keeps: what the caller of a function gets that returns `keep(value)`. */
export class KeptValue<T = unknown> implements AsyncDisposable {
  declare private readonly type?: T;
  readonly #memory: object;
  readonly #id: number;
  readonly #tell: Tell;
  readonly #lane: string;
  #released = false;

  /** @internal */
  constructor(lane: string, memory: object, id: number, tell: Tell) {
    this.#lane = lane;
    this.#memory = memory;
    this.#id = id;
    this.#tell = tell;
    forgotten.register(this, () => tell(id), this);
  }

  /** Name of the lane that has the value. */
  get lane(): string {
    return this.#lane;
  }

  /** Lets the value go: its lane disposes of it, between two calls. Idempotent. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    forgotten.unregister(this);
    this.#tell(this.#id);
  }

  /** Lets the value go, as `release()` does. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }

  /** The number of the value in its lane. @internal */
  get id(): number {
    return this.#id;
  }

  /** Why the value cannot be passed to a call in a lane; null if it can. @param memory that of the lane; null for a call of no session. @internal */
  refusal(memory: object | null): ArgumentError | null {
    if (this.#released) {
      return new ArgumentError(
        'The kept value has been released. Keep it until the last call that needs it has been made.',
      );
    }
    if (memory === this.#memory) return null;
    return new ArgumentError(
      `The kept value is in lane ${this.#lane}, ${memory === null ? 'and the call may run in any lane' : 'and the session has another one'}. ` +
        'Make the calls that share it in one session: session.use(module).',
    );
  }
}
