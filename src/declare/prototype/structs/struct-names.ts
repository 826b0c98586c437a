/** The structs of a prototype: those that `structs` gives beside it, by their names in it, and those that it defines itself. */
import { layoutOf } from '../../memory/layout-of.js';
import type { Place } from '../../compile/problem.js';
import type { Snapshot } from '../../compile/read-once.js';
import { didYouMean } from '../../compile/suggest.js';
import { show } from '../../values/show.js';
import type { CFunction } from '../c-parser.js';
import type { CType } from '../c-types.js';
import { DefinedStructs } from './defined-structs.js';

/** Structs, unions and arrays of a prototype. */
export interface StructNames {
  /** By tag, or by the name of a typedef. */
  readonly beside: ReadonlyMap<string, object>;
  readonly defined: DefinedStructs;
}

/** Reads `structs`. @throws DeclarationError for what is not a type, and for a name that the prototype does not have. */
export function structNames(
  place: Place,
  beside: Snapshot,
  { type, records }: Pick<CFunction, 'type' | 'records'>,
): StructNames {
  return { beside: structsBeside(place, beside, type), defined: new DefinedStructs(records) };
}

function structsBeside(place: Place, beside: Snapshot, type: CFunction['type']): StructNames['beside'] {
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

function checked(place: Place, copy: Snapshot): StructNames['beside'] {
  for (const [name, made] of copy) {
    if (layoutOf(made) !== undefined) continue;
    throw place.problem(
      `structs.${name} is ${show(made)}. Expected a type made by struct(), union() or array(); or put the definition of the struct in front of the prototype, as in 'struct ${name} { double x, y; }; …'.`,
    );
  }
  return copy as StructNames['beside'];
}

/** The type that stands for a type of C; undefined if there is none. What stands beside the prototype comes first. */
export function structFor({ beside, defined }: StructNames, type: CType): object | undefined {
  const name = nameOf(type);
  return (name === undefined ? undefined : beside.get(name)) ?? defined.get(type);
}

function nameIn(type: CType): string | undefined {
  return nameOf(type.kind === 'pointer' ? type.to : type);
}

/** The tag of a struct, without its keyword; or the name of a type of a library. */
function nameOf(type: CType): string | undefined {
  if (type.kind === 'unknown') return type.name;
  return type.kind === 'record' ? type.name.replace(/^\w+ /, '') : undefined;
}
