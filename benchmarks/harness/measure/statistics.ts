/** Medians and percentiles of small samples. */

function sorted(values: readonly number[]): number[] {
  return [...values].sort((one, other) => one - other);
}

/** The value below which that share of the sample lies (nearest rank). NaN for an empty sample. */
export function percentile(values: readonly number[], share: number): number {
  const rank = Math.ceil(values.length * share) - 1;
  return sorted(values)[Math.max(0, rank)] ?? NaN;
}

/** The middle of the sample; of an even one, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const inOrder = sorted(values);
  const middle = inOrder.length / 2;
  if (!Number.isInteger(middle)) return inOrder[Math.floor(middle)] ?? NaN;
  return ((inOrder[middle - 1] ?? NaN) + (inOrder[middle] ?? NaN)) / 2;
}

/** A sample in three numbers. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function summary(values: readonly number[]): Summary {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/** Least squares: how much y grows for 1 of x. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const above = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const below = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return above / below;
}
