/**
 * The pulse of an event loop: a timer that is due every few ms, and how late
 * it came each time. A thread that is busy with something else cannot run it.
 */

/** How a loop fared while something was done. Times in ms from the start. */
export interface Pulse {
  readonly tookMs: number;
  readonly everyMs: number;
  /** When the timer ran, within that time. */
  readonly ticks: readonly number[];
  /** How late each of the ticks that were due came, from the least. */
  readonly delays: readonly number[];
}

/** The delay that a part of the due ticks stayed within: 0.99 for p99. */
export function delayAt(pulse: Pulse, part: number): number {
  const { delays } = pulse;
  return delays[Math.min(delays.length - 1, Math.ceil(part * delays.length) - 1)] ?? 0;
}

/** Ticks that came before the next one was due. */
export function onTime(pulse: Pulse): number {
  return pulse.delays.filter((delay) => delay < pulse.everyMs).length;
}

/**
 * Does the work while a timer runs beside it.
 * @param beat is told of each tick.
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
  // Each tick is due at a multiple, known beforehand: nothing drifts, and a late tick stands for all it made wait.
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
    // The tick that the work held up comes now, and says how late it is.
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

/** One letter for each stretch of time: whether the loop ran in it. */
export function strip(pulse: Pulse, msPerLetter: number): boolean[] {
  const letters = Array.from({ length: Math.max(1, Math.ceil(pulse.tookMs / msPerLetter)) }, () => false);
  for (const at of pulse.ticks) letters[Math.min(letters.length - 1, Math.floor(at / msPerLetter))] = true;
  return letters;
}
