/** Parameters and results that are structs, unions or arrays: by pointer, or by value. */
import type { Layout } from '../memory/layout-of.js';
import type { LayoutSpec, MemorySpec, ParamSpec, StructLayout } from '../spec.js';
import type { Place } from './problem.js';

/** Bytes of the largest struct that is passed by value. */
const LARGEST_VALUE = 4_096;

/** A pointer to a struct, union or array. */
export function memoryParameter(
  place: Place,
  label: string,
  memory: Pick<MemorySpec, 'mode' | 'optional'>,
  found: Layout,
): ParamSpec {
  if (found.open && memory.mode === 'out') {
    throw place.problem(
      `${label} is an array without a length. Write the number of elements that native code fills, as in out(array('i32', 8)), or inout() to pass the array.`,
    );
  }
  return { kind: 'buffer', inout: memory.mode !== 'in', memory: { ...found, ...memory } };
}

/** The layout of a struct that is passed or returned by value. */
export function byValue(place: Place, label: string, { layout, open }: Layout): StructLayout {
  if (layout.kind !== 'struct' || open) {
    const what = layout.kind === 'union' ? 'A union' : 'An array';
    throw place.problem(
      `${label} is ${what.toLowerCase()}. ${what} is not passed or returned by value: write pointer(type), out(type) or inout(type), which stand for its address.`,
    );
  }
  if (!layout.natural || hasUnion(layout)) {
    throw place.problem(
      `${label} is a struct with a union, packing or alignment of its own, which is not passed or returned by value. Write a small C function that takes its address, and declare that.`,
    );
  }
  if (layout.size > LARGEST_VALUE) {
    throw place.problem(
      `${label} is a struct of ${layout.size} bytes. By value, the limit is ${LARGEST_VALUE}: write a small C function that takes its address, and declare that.`,
    );
  }
  return layout;
}

function hasUnion(layout: LayoutSpec): boolean {
  if (layout.kind === 'array') return hasUnion(layout.of);
  if (layout.kind === 'union') return true;
  return layout.kind === 'struct' && layout.fields.some(({ layout: inner }) => hasUnion(inner));
}
