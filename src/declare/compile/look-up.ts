/** From the name of a type to what it means, or to an error with the name that was probably meant. */
import { type Role, translate } from './c-names.js';
import { ALL_NAMES, meaningOf, type Meaning } from '../language/names.js';
import type { Place } from './problem.js';
import { SCALARS } from '../language/scalars.js';
import { show } from '../values/show.js';
import type { Scalar } from '../spec.js';
import { didYouMean } from './suggest.js';

/** What can be written somewhere: for the message. */
export interface Wanted {
  readonly role: Role;
  /** The types there can be. */
  readonly allowed: string;
}

export function lookUp(place: Place, label: string, name: string, { role, allowed }: Wanted): Meaning {
  const meaning = meaningOf(name);
  if (meaning !== undefined) return meaning;
  const translation = translate(name, role);
  const advice = translation === undefined ? didYouMean(name, ALL_NAMES) : ` ${translation}`;
  throw place.problem(`${label} is ${show(name)}, which is not a type.${advice} Allowed: ${allowed}.`);
}

export function isScalar(meaning: Meaning): meaning is Scalar {
  return meaning in SCALARS;
}
