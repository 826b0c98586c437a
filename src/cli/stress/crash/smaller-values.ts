/**
 * Smaller and plainer values, those first that are smaller by much. The order is that of afl-tmin: parts are left out,
 * from large ones to small ones; then what remains is made plain.
 */

/** Whole numbers towards zero. */
export function* smallerIntegers(value: bigint): Generator<bigint> {
  const seen = new Set<bigint>([value]);
  const sign = value < 0n ? -1n : 1n;
  const size = value * sign;
  const candidates = function* (): Generator<bigint> {
    yield 0n;
    yield 1n;
    yield sign;
    yield size;
    // Without the digits, or bits, in front.
    for (let power = 10n; power < size; power *= 10n) yield (size % power) * sign;
    for (let power = 2n; power < size; power *= 2n) yield (size % power) * sign;
    for (let part = size / 2n; part > 0n; part /= 2n) yield (size - part) * sign;
    for (let bit = 1n; bit <= size; bit *= 2n) if ((size & bit) !== 0n) yield (size - bit) * sign;
  };
  for (const one of candidates()) {
    const smaller = one < 0n ? -one < size : one < size || (one === size && sign < 0n);
    if (!smaller || seen.has(one)) continue;
    seen.add(one);
    yield one;
  }
}

/** Numbers towards zero, and with fewer digits. */
export function* smallerFloats(value: number): Generator<number> {
  if (Number.isNaN(value)) {
    yield 0;
    yield 1;
    return;
  }
  const size = Math.abs(value);
  const sign = Math.sign(value);
  const candidates = [
    0,
    1,
    size,
    Math.trunc(value),
    Number(value.toPrecision(1)),
    Number(value.toPrecision(3)),
  ];
  if (Number.isFinite(value))
    for (let part = size / 2; part > 1e-3 && candidates.length < 24; part /= 2) candidates.push(sign * part);
  else candidates.push(sign * Number.MAX_VALUE, sign * 1e300, sign * 1e100);
  const simpler = (one: number): boolean =>
    Math.abs(one) < size ||
    (one === size && sign < 0) ||
    (one !== value && String(one).length < String(value).length);
  for (const one of new Set(candidates)) if (simpler(one)) yield one;
}

/** A sequence without one of its parts: first without a half, at last without a single element. */
export function* shorter<T>(list: readonly T[]): Generator<T[]> {
  if (list.length === 0) return;
  yield [];
  for (let part = Math.ceil(list.length / 2); part >= 1; part = part === 1 ? 0 : Math.ceil(part / 2)) {
    for (let from = 0; from < list.length; from += part) {
      if (part >= list.length) continue;
      yield [...list.slice(0, from), ...list.slice(from + part)];
    }
  }
}

/** A sequence with a plain element in place of others: of all, of halves, at last of single ones. */
export function* plainer<T>(list: readonly T[], plain: T): Generator<T[]> {
  for (let part = list.length; part >= 1; part = part === 1 ? 0 : Math.ceil(part / 2)) {
    for (let from = 0; from < list.length; from += part) {
      if (list.slice(from, from + part).every((one) => one === plain)) continue;
      yield list.map((one, at) => (at >= from && at < from + part ? plain : one));
    }
  }
}
