/** What a call gave back beside its result, by the names of the parameters. */
import type { Target } from './target-options.js';

/** Cells that the function filled, and bytes that it filled or changed. */
export function outsOf(
  { description }: Target,
  values: readonly unknown[],
  cells: readonly unknown[],
): Map<string, unknown> {
  const outs = new Map<string, unknown>();
  let cell = 0;
  let value = 0;
  for (const [index, { name, kind, given, changes }] of description.parameters.entries()) {
    const label = name === '' ? String(index) : name;
    if (kind === 'out' || kind === 'inout') outs.set(label, cells[cell++]);
    else if (changes) outs.set(label, values[value]);
    if (given) value += 1;
  }
  return outs;
}

/** The number of cells, which come with the result. */
export function cellsOf({ description }: Target): number {
  return description.parameters.filter(({ kind }) => kind === 'out' || kind === 'inout').length;
}
