/**
 * Measures contestants in turns: A, B, C, then B, C, A, … A shared machine is
 * fast one second and slow the next; in turns, both befall everyone. Each round
 * begins with another one, since each has the garbage of the one before it.
 */

/** @returns for each contestant, in the order given, what each round measured. */
export async function interleave<C, M>(
  contestants: readonly C[],
  rounds: number,
  measure: (contestant: C, round: number) => Promise<M>,
): Promise<M[][]> {
  const measured: M[][] = contestants.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < contestants.length; turn += 1) {
      const index = (round + turn) % contestants.length;
      measured[index]?.push(await measure(contestants[index] as C, round));
    }
  }
  return measured;
}

/** The figure of every round over another's in the same round. */
export function ratios(figures: readonly number[], others: readonly number[]): number[] {
  return figures.map((figure, round) => figure / (others[round] ?? NaN));
}
