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
  const start = performance.now();
  let timer: NodeJS.Timeout;
  const tick = (): void => {
    ticks.push(performance.now() - start);
    beat();
    aim();
  };
  // Aimed at the next multiple, so that ticks do not drift: each is due at a known time.
  const aim = (): void => {
    const now = performance.now() - start;
    const next = Math.floor(now / everyMs + 1.1) * everyMs;
    timer = setTimeout(tick, next - now);
  };
  aim();
  try {
    await work();
    const tookMs = performance.now() - start;
    // The tick that the work held up comes now; it says how late it is.
    await new Promise((resolve) => {
      setTimeout(resolve, everyMs * 2);
    });
    return {
      tookMs,
      everyMs,
      ticks: ticks.filter((at) => at <= tookMs),
      delays: delaysOf(ticks, tookMs, everyMs),
    };
  } finally {
    clearTimeout(timer!);
  }
}

/** For each time at which a tick was due: how long until one came. */
function delaysOf(ticks: readonly number[], tookMs: number, everyMs: number): number[] {
  const delays: number[] = [];
  let index = 0;
  for (let due = everyMs; due <= tookMs; due += everyMs) {
    // A timer may fire a part of a ms early.
    while (index < ticks.length - 1 && (ticks[index] as number) < due - 1) index += 1;
    delays.push(Math.max(0, (ticks[index] ?? tookMs) - due));
  }
  return delays.sort((a, b) => a - b);
}

/** One letter for each stretch of time: whether the loop ran in it. */
export function strip(pulse: Pulse, msPerLetter: number): boolean[] {
  const letters = new Array<boolean>(Math.max(1, Math.ceil(pulse.tookMs / msPerLetter))).fill(false);
  for (const at of pulse.ticks) letters[Math.min(letters.length - 1, Math.floor(at / msPerLetter))] = true;
  return letters;
}
