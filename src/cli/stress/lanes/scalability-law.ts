/**
 * The universal scalability law (Gunther): throughput with n lanes is
 *
 *   X(n) = λn / (1 + σ(n - 1) + κn(n - 1))
 *
 * λ is the throughput of one lane, σ the part of a call during which no other call makes progress, κ what each pair of
 * lanes costs each other (cache lines that move, locks that spin): with κ, more lanes are slower from some number on.
 *
 * The law takes calls to arrive at a lock as unluckily as they can. Calls of equal length do not: they fall into step,
 * one in the lock while others are outside, and throughput grows as if there were no lock until the lock is always
 * taken, X(n) = λ min(n, 1 / σ). That is the second law: the bottleneck. Both end at λ / σ.
 */

export interface Law {
  readonly kind: 'universal' | 'bottleneck';
  /** λ: calls a second with one lane. */
  readonly single: number;
  /** σ. */
  readonly serialised: number;
  /** κ. */
  readonly crosstalk: number;
}

/** Throughput that was measured with a number of lanes, which need not be whole. */
export interface Point {
  readonly lanes: number;
  readonly rate: number;
}

/** Calls a second with so many lanes. */
export function rateWith({ kind, single, serialised, crosstalk }: Law, lanes: number): number {
  if (kind === 'bottleneck') return single * Math.min(lanes, 1 / serialised);
  return (single * lanes) / (1 + serialised * (lanes - 1) + crosstalk * lanes * (lanes - 1));
}

/** The law that fits best. The bottleneck has to be much closer: where both are possible, the universal law is assumed. */
export function fitLaw(points: readonly Point[]): Law {
  const universal = fitUniversal(points);
  const bottleneck = fitBottleneck(points);
  return errorOf(bottleneck, points) < errorOf(universal, points) / 2 ? bottleneck : universal;
}

/** A law of the given kind. */
export function fitKind(kind: Law['kind'], points: readonly Point[]): Law {
  return kind === 'universal' ? fitUniversal(points) : fitBottleneck(points);
}

/** Sum of the squared relative errors; noise of 1 % counts nothing for either law. */
function errorOf(law: Law, points: readonly Point[]): number {
  return points.reduce((sum, { lanes, rate }) => sum + (1 - rate / rateWith(law, lanes)) ** 2 + 1e-4, 0);
}

/**
 * n / X(n) is linear in 1/λ, σ/λ and κ/λ; errors count relative to what was measured, and σ
 * and κ are not negative. With two different numbers of lanes, κ cannot be told from σ: it is taken as 0 then.
 */
function fitUniversal(points: readonly Point[]): Law {
  const kinds = new Set(points.map(({ lanes }) => lanes)).size;
  const { products, sums } = normalEquations(points);
  // Each set of terms that may be above 0; the best of those that give no negative term is the constrained optimum.
  const candidates = [
    [0],
    [0, 1],
    ...(kinds > 2
      ? [
          [0, 2],
          [0, 1, 2],
        ]
      : []),
  ];
  let best: readonly [number, number, number] = [Number.NaN, 0, 0];
  let least = Infinity;
  for (const terms of kinds > 1 ? candidates : [[0]]) {
    const solved = solve(
      terms.map((one) => [
        ...terms.map((other) => (products[one] as number[])[other] as number),
        sums[one] as number,
      ]),
    );
    if (solved === null || solved.some((value) => value < 0)) continue;
    // The sum of squares at the least-squares solution, without the constant number of points.
    const error = -terms.reduce((sum, term, at) => sum + (solved[at] as number) * (sums[term] as number), 0);
    if (error >= least) continue;
    const all = [0, 0, 0] as [number, number, number];
    for (const [at, term] of terms.entries()) all[term] = solved[at] as number;
    [best, least] = [all, error];
  }
  const [inverse, sigma, kappa] = best;
  return { kind: 'universal', single: 1 / inverse, serialised: sigma / inverse, crosstalk: kappa / inverse };
}

/** Serialised parts that are tried: each is 0.7 % more than the one before. */
const PARTS = Array.from({ length: 800 }, (_, at) => Math.exp(-0.007 * at));

function fitBottleneck(points: readonly Point[]): Law {
  let best: Law = { kind: 'bottleneck', single: Number.NaN, serialised: 1, crosstalk: 0 };
  let least = Infinity;
  const most = Math.max(...points.map(({ lanes }) => lanes));
  for (const serialised of PARTS) {
    let sum = 0;
    let squares = 0;
    for (const { lanes, rate } of points) {
      const ratio = rate / Math.min(lanes, 1 / serialised);
      sum += ratio;
      squares += ratio * ratio;
    }
    const error = -(sum * sum) / squares;
    if (error < least) {
      least = error;
      best = { ...best, single: squares / sum, serialised };
    }
    // Smaller parts are those of a bottleneck that no point has reached.
    if (1 / serialised > most) break;
  }
  return best;
}

/** Of the equations that say 1 for each point: products of their columns, and sums of each column. */
function normalEquations(points: readonly Point[]): { products: number[][]; sums: number[] } {
  const products = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  const sums = [0, 0, 0];
  for (const { lanes, rate } of points) {
    const weight = rate / lanes;
    const row = [weight, weight * (lanes - 1), weight * lanes * (lanes - 1)];
    for (let one = 0; one < 3; one += 1) {
      (sums[one] as number) += row[one] as number;
      const line = products[one] as number[];
      for (let other = 0; other < 3; other += 1)
        (line[other] as number) += (row[one] as number) * (row[other] as number);
    }
  }
  return { products, sums };
}

/** Gaussian elimination with pivots; the last column is the right side. */
function solve(matrix: number[][]): number[] | null {
  const size = matrix.length;
  for (let column = 0; column < size; column += 1) {
    const below = matrix.slice(column).map((row) => Math.abs(row[column] as number));
    const pivot = column + below.indexOf(Math.max(...below));
    const row = matrix[pivot] as number[];
    [matrix[column], matrix[pivot]] = [row, matrix[column] as number[]];
    const head = row[column] as number;
    if (Math.abs(head) < 1e-12) return null;
    for (const [at, other] of matrix.entries()) {
      if (at === column) continue;
      const factor = (other[column] as number) / head;
      for (let cell = column; cell <= size; cell += 1)
        (other[cell] as number) -= factor * (row[cell] as number);
    }
  }
  return matrix.map((row, at) => (row[size] as number) / (row[at] as number));
}
