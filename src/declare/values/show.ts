/**
 * Values in messages: short, on one line, and without running the value's own
 * code where that can be helped. Showing never throws.
 */
import { inspect } from 'node:util';

/** Longest text of one value, in UTF-16 units. */
const LONGEST = 100;
/** Bigints beyond this are not written out: turning them into digits takes quadratic time. */
const GREATEST = 2n ** 256n;

/** The value as a short text. */
export function show(value: unknown): string {
  if (typeof value === 'bigint' && (value > GREATEST || value < -GREATEST)) {
    return 'a bigint of more than 256 bits';
  }
  try {
    return shorten(
      inspect(value, {
        depth: -1,
        breakLength: Infinity,
        customInspect: false,
        getters: false,
        showProxy: false,
        maxArrayLength: 0,
        maxStringLength: LONGEST - 20,
      }),
    );
  } catch {
    return 'a value that cannot be displayed';
  }
}

/** A name for a message: bare when it is an ordinary word, else quoted and shortened. */
export function showName(name: string): string {
  return name.length <= LONGEST && /^[\w$.:@?/\\ +-]+$/.test(name) ? name : show(name);
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST)}...`;
}
