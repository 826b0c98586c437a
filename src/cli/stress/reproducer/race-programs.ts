/** Runs programs of `raceProgram`, to see what they count; each is compiled once. */
import { type Compiled, type Program, compile } from './compile-run.js';
import { type RaceCounts, raceCounts } from './race-counts.js';

/** ms: on a machine that is busy, a program runs for up to four times as long, and waits for what hangs. */
export function patienceFor(seconds: number): number {
  return (4 * seconds + 20) * 1_000;
}

export class RacePrograms {
  readonly #signal: AbortSignal;
  /** By source and flags; what could not be compiled as well. */
  readonly #compiled = new Map<string, Compiled | string | null>();

  /** @param signal ends what runs. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * @param least rounds that it makes at least, as far as its time allows.
   * @returns null where there is no compiler, or it did not come to its end.
   */
  async run(
    program: Program,
    seconds: number,
    { flags = [], least = 0 }: { readonly flags?: readonly string[]; readonly least?: number } = {},
  ): Promise<RaceCounts | null> {
    const key = `${flags.join(' ')}\n${program.source}`;
    let compiled = this.#compiled.get(key);
    if (compiled === undefined) {
      compiled = await compile(program, flags, this.#signal);
      this.#compiled.set(key, compiled);
    }
    if (compiled === null || typeof compiled === 'string') return null;
    const given = [String(seconds), String(least)];
    return raceCounts(await compiled.run(patienceFor(seconds), given));
  }

  /** Removes what was compiled. */
  async remove(): Promise<void> {
    for (const one of this.#compiled.values()) {
      if (one !== null && typeof one !== 'string') await one.remove();
    }
  }
}
