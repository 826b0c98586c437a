/** From the name of a type to what it means, or to an error with the name that was probably meant. */
import { ALL_NAMES, meaningOf, translate, type Meaning } from './names.js';
import type { Place } from './problem.js';
import { SCALARS } from './scalars.js';
import { show } from './show.js';
import type { Scalar } from './spec.js';
import { didYouMean } from './suggest.js';

/** @param allowed - the types there can be, for the message. */
export function lookUp(place: Place, label: string, name: string, allowed: string): Meaning {
  const meaning = meaningOf(name);
  if (meaning !== undefined) return meaning;
  const translation = translate(name);
  const advice = translation === undefined ? didYouMean(name, ALL_NAMES) : ` Write ${translation}.`;
  throw place.problem(`${label} is ${show(name)}, which is not a type.${advice} Allowed: ${allowed}.`);
}

export function isScalar(meaning: Meaning): meaning is Scalar {
  return meaning in SCALARS;
}
