/** "Did you mean": the known word that a wrong one was probably meant to be. */

import { Math } from '../../builtins.js';

/** Longer words are no typing mistake of a name, and the distance is quadratic. */
const LONGEST = 40;

/**
 * @returns the candidate nearest to `word`, where at most a third of its
 *   letters differ; undefined when none is near.
 */
function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined;
  const wanted = word.trim().toLowerCase();
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance && distance <= Math.max(1, Math.floor(candidate.length / 3))) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` Did you mean 'x'?`, or nothing. For the end of a sentence. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const guess = nearest(word, candidates);
  return guess === undefined ? '' : ` Did you mean '${guess}'?`;
}

/** Levenshtein's distance, kept to one row. */
function editDistance(from: string, to: string): number {
  const row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 0; i < from.length; i++) {
    let diagonal = i;
    row[0] = i + 1;
    for (let j = 0; j < to.length; j++) {
      const above = row[j + 1] as number;
      const left = row[j] as number;
      const replaced = diagonal + (from[i] === to[j] ? 0 : 1);
      row[j + 1] = Math.min(replaced, above + 1, left + 1);
      diagonal = above;
    }
  }
  return row[to.length] as number;
}
