/**
 * The doorbell of process lanes: each lane has a word in its memory and a socket. Arming the bell sets the word of
 * every lane, so native code of one lane that overwrites its memory cannot silence the others.
 */
import { queueMicrotask } from '../../builtins.js';
import { systemCalls } from '../../engines/system/system-calls.js';
import type { Doorbell } from '../../shared/memory/bell.js';

/** The part of a lane that the bell uses. */
export interface BellLane {
  /** Descriptor of the lane's socket; -1 if it is closed. */
  readonly socketFd: number;
  arm(armed: boolean): void;
  /** Reads the bytes that have arrived on the socket, because no event does while this thread blocks. */
  takeBytes(): void;
  /** Reads the lane's stderr, which the lane may wait for. */
  takeStderr(): void;
}

export class ProcessBell implements Doorbell {
  readonly #lanes = new Set<BellLane>();
  #count = 0;
  #armed = false;
  #wake: (() => void) | null = null;

  add(lane: BellLane): void {
    this.#lanes.add(lane);
    lane.arm(this.#armed);
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

  /** Nothing: the system call takes whole ms. */
  nap(): void {}

  ring(): void {
    this.disarm();
    this.rung();
  }

  /** A lane has rung the bell. */
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
