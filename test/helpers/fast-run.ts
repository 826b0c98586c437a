/**
 * What `npm test` leaves out. `npm run test:all` runs it, and so does every run that names its tests: `npm test -- FILE`.
 *
 *   it('…')           runs always
 *   slow('…')         as `it`, but not in the fast run
 *   sample(list)      the first things of a list in the fast run, all of them otherwise
 *   pairs(a, b)       each of `a` and each of `b` once in the fast run, every pair otherwise
 */

/** Set by `npm test` where no tests are named. */
export const fast: boolean = process.env['OFFTHREAD_TEST_FAST'] === '1';

/** Defines a test that the fast run does without: it takes more than half a second, and others show the same promise. */
export function slow(title: string, test: (this: Mocha.Context) => void | Promise<void>): void {
  if (!fast) it(title, test);
}

/** The list itself, or the first `count` of it in the fast run. */
export function sample<T>(list: readonly T[], count = 1): readonly T[] {
  return fast ? list.slice(0, count) : list;
}

/** Every pair of two lists; in the fast run as few as have everything of either list. */
export function pairs<A, B>(a: readonly A[], b: readonly B[]): readonly (readonly [A, B])[] {
  const all = a.flatMap((one) => b.map((other) => [one, other] as const));
  if (!fast) return all;
  return all.filter((_, at) => {
    const [i, j] = [Math.floor(at / b.length), at % b.length];
    return a.length > b.length ? i % b.length === j : j % a.length === i;
  });
}
