/** What a call gave back beside its result, by the names of the parameters. */
import type { ParameterDescription } from 'offthread';
import type { Target } from './target-options.js';

/** Whether what native code wrote comes back with the result: in a cell, or in a struct. */
export function comesBack({ kind, changes }: ParameterDescription): boolean {
  return kind === 'out' || kind === 'inout' || (kind === 'memory' && changes);
}

/** Cells that the function filled, and bytes that it filled or changed. */
export function outsOf(
  { description }: Target,
  values: readonly unknown[],
  cells: readonly unknown[],
): Map<string, unknown> {
  const outs = new Map<string, unknown>();
  let cell = 0;
  let value = 0;
  for (const [index, parameter] of description.parameters.entries()) {
    const { name, given, changes } = parameter;
    const label = name === '' ? String(index) : name;
    if (comesBack(parameter)) outs.set(label, cells[cell++]);
    else if (changes) outs.set(label, values[value]);
    if (given) value += 1;
  }
  return outs;
}

/** The number of cells, which come with the result. */
export function cellsOf({ description }: Target): number {
  return description.parameters.filter(comesBack).length;
}
