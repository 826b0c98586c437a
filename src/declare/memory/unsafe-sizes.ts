/** Fields of the type `size`, whose values above 2^53 are not exact as numbers. */
import type { LayoutSpec } from '../spec.js';

/** Whether a value of that layout may have such a size. Members of a union may be anything, and are left out. */
export function hasSizes(layout: LayoutSpec): boolean {
  if (layout.kind === 'scalar') return layout.type === 'size';
  if (layout.kind === 'array') return hasSizes(layout.of);
  return layout.kind === 'struct' && layout.fields.some(({ layout: inner }) => hasSizes(inner));
}

/** The first size in a value that was read that is above 2^53; null if there is none. It was rounded, but never below 2^53. */
export function unsafeSizeOf(layout: LayoutSpec, value: unknown): number | null {
  if (!hasSizes(layout)) return null;
  if (layout.kind === 'scalar') return (value as number) > Number.MAX_SAFE_INTEGER ? (value as number) : null;
  if (layout.kind === 'array') return firstUnsafe(layout.of, value as readonly unknown[]);
  if (layout.kind !== 'struct') return null;
  for (const { name, layout: inner } of layout.fields) {
    const found = unsafeSizeOf(inner, (value as Readonly<Record<string, unknown>>)[name]);
    if (found !== null) return found;
  }
  return null;
}

/** The same for elements of an array. */
export function firstUnsafe(of: LayoutSpec, values: readonly unknown[]): number | null {
  if (!hasSizes(of)) return null;
  for (const value of values) {
    const found = unsafeSizeOf(of, value);
    if (found !== null) return found;
  }
  return null;
}
