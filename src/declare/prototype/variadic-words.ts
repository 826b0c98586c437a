/** The types that `variadic` gives beside a prototype with `...`: types of C, or words of the declaration language. */
import type { Place } from '../compile/problem.js';
import type { Snapshot } from '../compile/read-once.js';
import { meaningOf } from '../language/names.js';
import { show } from '../values/show.js';
import { parsePrototype } from './c-parser.js';
import { PrototypeProblem } from './c-tokens.js';
import type { FunctionType } from './c-types.js';
import { parameterWord, type Word } from './c-words.js';
import type { StructNames } from './structs/struct-names.js';

const NEEDED =
  "A function with a variable number of arguments is declared for one list of types: write what it passes for '...' beside the prototype, as in { prototype, variadic: ['int', 'double'] }.";
const LIMIT = 32;

/**
 * @returns undefined for a function that is not variadic.
 * @throws PrototypeProblem, DeclarationError
 */
export function variadicWords(
  place: Place,
  source: string,
  type: FunctionType,
  beside: Snapshot,
  structs: StructNames,
): readonly unknown[] | undefined {
  const value = beside.get('variadic');
  if (!type.variadic) {
    if (value === undefined) return undefined;
    throw place.problem("variadic is set, but the prototype has no '...' for what it passes.");
  }
  if (value === undefined) throw new PrototypeProblem(NEEDED, { text: '...', at: source.lastIndexOf('...') });
  const list = place.array(value, 'variadic', LIMIT, "a list of types, as in ['int', 'double']");
  return list.map((entry, index) =>
    typeof entry !== 'string' || meaningOf(entry) !== undefined
      ? entry
      : fromC(place, `variadic[${index}]`, entry, structs),
  );
}

function fromC(place: Place, label: string, text: string, structs: StructNames): Word {
  try {
    const [parameter, ...more] = parsePrototype(`void f(${text})`).type.parameters;
    if (parameter !== undefined && more.length === 0) return parameterWord(parameter, structs);
  } catch (error) {
    if (!(error instanceof PrototypeProblem)) throw error;
    throw place.problem(`${label} is ${show(text)}. ${error.message}`);
  }
  throw place.problem(`${label} is ${show(text)}. Write one type in each entry, as in ['int', 'double'].`);
}
