/** Which objects are structs, unions and arrays, made by this copy of offthread, and how they lie in memory. */
import type { LayoutSpec } from '../spec.js';

/** A layout; `open` where it is that of the elements of an array without a length. */
export interface Layout {
  readonly layout: LayoutSpec;
  readonly open: boolean;
}

const layouts = new WeakMap<object, Layout>();

/** The layout of a struct, union or array; undefined for anything else. */
export function layoutOf(value: unknown): Layout | undefined {
  return typeof value === 'object' && value !== null ? layouts.get(value) : undefined;
}

/** Makes an object a type. */
export function markLayout<T extends object>(type: T, layout: Layout): T {
  layouts.set(type, layout);
  return Object.freeze(type);
}
