/** From a C prototype, and what is said beside it, to the declaration that it stands for. */
import { Math } from '../../builtins.js';
import type { Place } from '../compile/problem.js';
import type { Snapshot } from '../compile/read-once.js';
import { besideWords, ownedNames, ownedResult } from './beside.js';
import { parsePrototype } from './c-parser.js';
import { PrototypeProblem } from './c-tokens.js';
import { parameterWord, resultWord } from './c-words.js';
import { structNames } from './structs/struct-names.js';
import { variadicWords } from './variadic-words.js';

/** Characters of a line that an error shows. */
const SHOWN = 100;

/**
 * @param source - the prototype.
 * @param beside - the declaration that it stands in; empty where the prototype is all of it.
 * @returns the declaration's `arguments`, `return`, `variadic` for a function with `...`, and `symbol` where the prototype has
 *   a name.
 */
export function fromPrototype(place: Place, source: string, beside: Snapshot): Map<string, unknown> {
  try {
    const parsed = parsePrototype(source);
    const { name, label, type } = parsed;
    const structs = structNames(place, beside, parsed);
    const variadic = variadicWords(place, source, type, beside, structs);
    const owned = ownedNames(place, beside);
    const named = besideWords(place, type.parameters, beside, { owned, structs });
    const result = resultWord(type.returns, 0, structs);
    const copy = new Map<string, unknown>([
      [
        'arguments',
        type.parameters.map((parameter, index) => named.get(index) ?? parameterWord(parameter, structs)),
      ],
      ['return', ownedResult(place, owned, result) ?? result],
    ]);
    if (variadic !== undefined) copy.set('variadic', variadic);
    const symbol = symbolOf(name, label);
    return symbol === '' ? copy : copy.set('symbol', symbol);
  } catch (error) {
    if (error instanceof PrototypeProblem) throw place.problem(error.message + caret(source, error));
    throw error;
  }
}

/** The name in the library. macOS writes labels as the assembler does, with a `_` in front of what C calls it. */
function symbolOf(name: string, label: string | undefined): string {
  if (label === undefined) return name;
  return process.platform === 'darwin' ? label.replace(/^_/, '') : label;
}

/** The line with the problem, and a caret below it. */
function caret(source: string, { at, length }: PrototypeProblem): string {
  const start = source.lastIndexOf('\n', at - 1) + 1;
  const newline = source.indexOf('\n', at);
  const end = newline < 0 ? source.length : newline;
  const from = Math.max(start, Math.min(at - SHOWN / 2, end - SHOWN));
  // Tabs and other control characters would move the caret.
  const line = source.slice(from, Math.min(end, from + SHOWN)).replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ');
  return `\n  ${line}\n  ${' '.repeat(at - from)}${'^'.repeat(Math.max(1, Math.min(length, from + SHOWN - at)))}`;
}
