/** Arguments that are structs, unions or arrays, in which numbers may be drawn. */
import type { ParameterDescription } from 'offthread';
import { structOf } from '../../target/argument-text.js';
import { scalarField } from '../../target/memory-value.js';

/** Makes a value for each item. */
interface Maker {
  value(item: number): unknown;
}

/** Stands in a template for a number that is drawn. */
class Drawn {
  readonly maker: Maker;

  constructor(maker: Maker) {
    this.maker = maker;
  }
}

/** Fields of one parameter, each of which gets other random numbers. */
const MOST_FIELDS = 4_096;

/**
 * @param text - JSON; a number may be the text of a generator: `{"x": "float:0..1"}`.
 * @param generatorOf - makes the generator of a field from its text.
 * @throws UsageError
 */
export function structTemplate(
  parameter: ParameterDescription,
  index: number,
  text: string,
  generatorOf: (field: ParameterDescription, place: number, text: string) => Maker,
): Maker & { readonly fixed: boolean } {
  let drawn = 0;
  const template = structOf(parameter, index, text, (memory, one, path) => {
    if (!/^(?:int|float|choice):/.test(one)) return scalarField(memory, one, path);
    drawn += 1;
    const name = path.replace(/^argument /, '').replaceAll(/'|, /g, '');
    const field = { name, kind: 'value', type: memory.type, given: true, changes: false } as const;
    return new Drawn(generatorOf(field, (index + 1) * MOST_FIELDS + drawn, one));
  });
  if (drawn === 0) return { value: () => template, fixed: true };
  return { value: (item) => filled(template, item), fixed: false };
}

function filled(template: unknown, item: number): unknown {
  if (template instanceof Drawn) return template.maker.value(item);
  if (Array.isArray(template)) return template.map((one) => filled(one, item));
  if (typeof template !== 'object' || template === null || template instanceof Uint8Array) return template;
  return Object.fromEntries(Object.entries(template).map(([name, one]) => [name, filled(one, item)]));
}
