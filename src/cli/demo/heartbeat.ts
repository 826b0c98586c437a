/**
 * The pulse of an event loop: a timer that is due every few ms, and its delay
 * each time. A thread that is busy with other work cannot run the timer.
 */

/** What an event loop could do while work was done. Times in ms from the start. */
export interface Pulse {
  readonly tookMs: number;
  readonly everyMs: number;
  /** When the timer ran, within that time. */
  readonly ticks: readonly number[];
  /** Delays of the ticks that were due, in ascending order. */
  readonly delays: readonly number[];
}

/** The delay that is not exceeded by the given share of the ticks: 0.99 for p99. */
export function delayAt(pulse: Pulse, part: number): number {
  const { delays } = pulse;
  return delays[Math.min(delays.length - 1, Math.ceil(part * delays.length) - 1)] ?? 0;
}

/** Ticks that came before the next one was due. */
export function onTime(pulse: Pulse): number {
  return pulse.delays.filter((delay) => delay < pulse.everyMs).length;
}

/**
 * Does the work while a timer runs.
 * @param beat called on each tick.
 */
export async function underPulse(
  everyMs: number,
  work: () => Promise<void> | void,
  beat: () => void = () => {},
): Promise<Pulse> {
  const ticks: number[] = [];
  const served: { readonly due: number; readonly delay: number }[] = [];
  const start = performance.now();
  let due = everyMs;
  let timer: NodeJS.Timeout;
  // Each tick is due at a multiple of the interval, so nothing drifts; a late tick counts for every tick that it delayed.
  const aim = (): void => {
    timer = setTimeout(tick, Math.ceil(due - (performance.now() - start)));
  };
  const tick = (): void => {
    const at = performance.now() - start;
    ticks.push(at);
    do {
      served.push({ due, delay: Math.max(0, at - due) });
      due += everyMs;
    } while (due <= at);
    beat();
    aim();
  };
  aim();
  try {
    await work();
    const tookMs = performance.now() - start;
    // The tick that the work delayed runs now, and records its delay.
    await new Promise((resolve) => {
      setTimeout(resolve, everyMs * 2);
    });
    return {
      tookMs,
      everyMs,
      ticks: ticks.filter((at) => at <= tookMs),
      delays: served
        .filter((one) => one.due <= tookMs)
        .map(({ delay }) => delay)
        .sort((a, b) => a - b),
    };
  } finally {
    clearTimeout(timer!);
  }
}

/** One entry for each stretch of time: whether the event loop ran in it. */
export function strip(pulse: Pulse, msPerLetter: number): boolean[] {
  const letters = Array.from({ length: Math.max(1, Math.ceil(pulse.tookMs / msPerLetter)) }, () => false);
  for (const at of pulse.ticks) letters[Math.min(letters.length - 1, Math.floor(at / msPerLetter))] = true;
  return letters;
}
