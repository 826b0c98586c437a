/**
 * The doorbell of process lanes: a word in the memory of each, and a socket to
 * each. Arming it arms every lane's word, so what native code of one lane does
 * to its own memory cannot silence the others.
 */
import { queueMicrotask } from '../../builtins.js';
import { systemCalls } from '../../engines/system/system-calls.js';
import type { Doorbell } from '../../shared/memory/bell.js';

/** A lane, as the bell knows it. */
export interface BellLane {
  /** Its socket; -1 when that is closed. */
  readonly socketFd: number;
  arm(armed: boolean): void;
  /** The process has to live for what it does. */
  hold(alive: boolean): void;
  /** Takes the bytes that have come by its socket; this thread blocks, so no event does. */
  takeBytes(): void;
  /** Takes what it has said on stderr, lest it wait for that to be read. */
  takeStderr(): void;
}

export class ProcessBell implements Doorbell {
  readonly #lanes = new Set<BellLane>();
  #count = 0;
  #armed = false;
  #held = false;
  #wake: (() => void) | null = null;

  add(lane: BellLane): void {
    this.#lanes.add(lane);
    lane.arm(this.#armed);
    lane.hold(this.#held);
  }

  remove(lane: BellLane): void {
    this.#lanes.delete(lane);
  }

  arm(): number {
    this.#arm(true);
    return this.#count;
  }

  disarm(): void {
    this.#arm(false);
  }

  whenRung(count: number, wake: () => void): void {
    if (count === this.#count) this.#wake = wake;
    else queueMicrotask(wake);
  }

  sleep(count: number, ms: number): void {
    if (count !== this.#count) return;
    const lanes = [...this.#lanes].filter(({ socketFd }) => socketFd >= 0);
    const system = systemCalls();
    const any = system.poll(
      lanes.map(({ socketFd }) => socketFd),
      ms,
    );
    if (any) lanes.forEach((lane, index) => void (system.isReady(index) && lane.takeBytes()));
    for (const lane of lanes) lane.takeStderr();
  }

  ring(): void {
    this.disarm();
    this.rung();
  }

  hold(alive: boolean): void {
    if (alive === this.#held) return;
    this.#held = alive;
    for (const lane of this.#lanes) lane.hold(alive);
  }

  /** A lane has rung. */
  rung(): void {
    this.#count += 1;
    const wake = this.#wake;
    this.#wake = null;
    if (wake !== null) queueMicrotask(wake);
  }

  #arm(armed: boolean): void {
    if (armed === this.#armed && !armed) return;
    this.#armed = armed;
    for (const lane of this.#lanes) lane.arm(armed);
  }
}
