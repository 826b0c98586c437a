/** The words of the declaration language for scalars of C. */
import { didYouMean } from '../compile/suggest.js';
import { PrototypeProblem } from './c-tokens.js';
import { BASIC_TYPES, type CType, type ScalarWord, STANDARD_TYPES } from './c-types.js';

const KNOWN_NAMES = [...Object.keys(BASIC_TYPES), ...Object.keys(STANDARD_TYPES)];

/**
 * @param at - where the type stands in the prototype.
 * @param role - what it is there, for messages.
 * @throws PrototypeProblem for a type that is no scalar.
 */
export function scalarWord(type: CType, at: number, role = 'is passed by value here'): ScalarWord {
  if (type.kind === 'scalar') return type.word;
  if (type.kind === 'unknown') {
    const guess = didYouMean(type.name, KNOWN_NAMES);
    const advice =
      guess === ''
        ? ` Write the type that it stands for in its place, or put its typedef in front, as its header has it: 'typedef … ${type.name};'.`
        : guess;
    throw problem(`${type.name} is not a type of C.${advice}`, at, type.name);
  }
  if (type.kind === 'record') {
    throw problem(
      `A ${type.name} ${role}, so its fields have to be known: put its definition in front, as in '${type.name} { double x, y; };', or write it beside the prototype, as in { prototype, structs: { name: struct({ x: 'i32' }) } }.`,
      at,
      type.name,
    );
  }
  throw problem(`A ${type.kind} cannot stand here.`, at);
}

export function problem(what: string, at: number, text = ''): PrototypeProblem {
  return new PrototypeProblem(what, { at, text });
}
