/** The option `env`: the environment of lanes. */
import { plainCopy, refuse } from './checks.js';

/**
 * The environment of the lanes; by default that of this process when the pool is created. The `NODE_OPTIONS` of this
 * process are omitted, also from a copy of its environment: `node-flags.ts` decides which of them lanes inherit.
 * @throws ArgumentError
 */
export function environment(value: unknown): Readonly<Record<string, string>> {
  const { NODE_OPTIONS: options, ...rest } = value === undefined ? textsOf(process.env) : checked(value);
  return options === undefined || options === process.env['NODE_OPTIONS']
    ? rest
    : { ...rest, NODE_OPTIONS: options };
}

function checked(value: unknown): Record<string, string> {
  const copy = textsOf(value);
  for (const [key, text] of Object.entries(copy)) {
    if (typeof text !== 'string' || text.includes('\0') || key === '' || /[=\0]/.test(key)) {
      // The value is not shown: it may be secret.
      refuse(`env.${key}`, kindOf(text), 'a string without NUL, under a name without = and NUL');
    }
  }
  return copy;
}

/** The variables of an object or of `process.env` that are not undefined. */
function textsOf(value: unknown): Record<string, string> {
  const copy = value === process.env ? { ...process.env } : plainCopy(value);
  if (copy === null) refuse('env', kindOf(value), 'a plain object with strings as values, or process.env');
  return Object.fromEntries(Object.entries(copy).filter(([, text]) => text !== undefined)) as Record<
    string,
    string
  >;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? 'an object of another kind' : `a ${typeof value}`;
}
