/**
 * The doorbell of lanes that send messages. What rings it is read by the host's
 * own thread, in its event loop, so nothing has to be armed and none is missed.
 */
import { queueMicrotask } from '../builtins.js';
import type { Doorbell } from '../shared/memory/bell.js';

/** A lane, as the bell knows it. */
export interface MessageSource {
  /** The process has to live for what it does. */
  hold(alive: boolean): void;
  /** Takes what it has sent, without the event loop. */
  catchUp(): void;
}

export class MessageBell implements Doorbell {
  readonly #lanes = new Set<MessageSource>();
  #count = 0;
  #held = false;
  #wake: (() => void) | null = null;

  add(lane: MessageSource): void {
    this.#lanes.add(lane);
    lane.hold(this.#held);
  }

  remove(lane: MessageSource): void {
    this.#lanes.delete(lane);
  }

  arm(): number {
    return this.#count;
  }

  disarm(): void {}

  whenRung(count: number, wake: () => void): void {
    if (count === this.#count) this.#wake = wake;
    else queueMicrotask(wake);
  }

  /** Whoever would block is refused before. */
  sleep(): never {
    throw new Error('unreachable: no message comes while this thread is blocked');
  }

  ring(): void {
    this.#count += 1;
    const wake = this.#wake;
    this.#wake = null;
    if (wake !== null) queueMicrotask(wake);
  }

  hold(alive: boolean): void {
    if (alive === this.#held) return;
    this.#held = alive;
    for (const lane of this.#lanes) lane.hold(alive);
  }

  catchUp(): void {
    for (const lane of [...this.#lanes]) lane.catchUp();
  }
}
