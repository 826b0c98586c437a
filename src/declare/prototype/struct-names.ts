/** The structs that `structs` gives beside a prototype, by the names that the prototype has for them. */
import { layoutOf } from '../memory/layout-of.js';
import type { Place } from '../compile/problem.js';
import type { Snapshot } from '../compile/read-once.js';
import { didYouMean } from '../compile/suggest.js';
import { show } from '../values/show.js';
import type { CType, FunctionType } from './c-types.js';

/** Structs, unions and arrays by tag, or by the name of a typedef. */
export type StructNames = ReadonlyMap<string, object>;

/** Reads `structs`. @throws DeclarationError for what is not a type, and for a name that the prototype does not have. */
export function structNames(place: Place, beside: Snapshot, type: FunctionType): StructNames {
  const value = beside.get('structs');
  if (value === undefined) return new Map();
  const expected = 'an object of types by their names in the prototype, as in { timeval: struct({ … }) }';
  const copy = place.object(value, 'structs', null, expected);
  // Types in `variadic` are read after this.
  if (type.variadic) return checked(place, copy);
  const known = [...new Set([type.returns, ...type.parameters.map(({ type: of }) => of)].map(nameIn))];
  for (const name of copy.keys()) {
    if (known.includes(name)) continue;
    const names = known.filter((one) => one !== undefined);
    throw place.problem(
      `structs names ${show(name)}, which is not a struct, union or type of a library in the prototype.${didYouMean(name, names)}${names.length > 0 ? ` Those are: ${names.join(', ')}.` : ''}`,
    );
  }
  return checked(place, copy);
}

function checked(place: Place, copy: Snapshot): StructNames {
  for (const [name, made] of copy) {
    if (layoutOf(made) !== undefined) continue;
    throw place.problem(
      `structs.${name} is ${show(made)}. Expected a type made by struct(), union() or array().`,
    );
  }
  return copy as StructNames;
}

/** The type that stands for a type of C; undefined if `structs` has none for it. */
export function structFor(structs: StructNames, type: CType): object | undefined {
  const name = nameOf(type);
  return name === undefined ? undefined : structs.get(name);
}

function nameIn(type: CType): string | undefined {
  return nameOf(type.kind === 'pointer' ? type.to : type);
}

/** The tag of a struct, without its keyword; or the name of a type of a library. */
function nameOf(type: CType): string | undefined {
  if (type.kind === 'unknown') return type.name;
  return type.kind === 'record' ? type.name.replace(/^\w+ /, '') : undefined;
}
