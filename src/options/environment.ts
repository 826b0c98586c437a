/** The environment of process lanes. */
import { plainCopy, refuse } from './checks.js';

/** A debugger's port is one process's. */
const INSPECTOR = /(^|\s)--inspect(-\w+)*(=\S+)?/g;

/** What they are given; by default what this process has, when the pool is made. @throws ArgumentError */
export function environment(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) {
    const { NODE_OPTIONS: options, ...rest } = process.env;
    const own = Object.fromEntries(
      Object.entries(rest).flatMap(([key, text]) => (text === undefined ? [] : [[key, text]])),
    );
    return options === undefined ? own : { ...own, NODE_OPTIONS: options.replace(INSPECTOR, '') };
  }
  const copy = textsOf(value);
  for (const [key, text] of Object.entries(copy)) {
    if (typeof text !== 'string' || text.includes('\0') || key === '' || /[=\0]/.test(key)) {
      // Not shown: what is in an environment may be secret.
      refuse(`env.${key}`, kindOf(text), 'a text without NUL, by a name without = and NUL');
    }
  }
  return copy as Record<string, string>;
}

/** The variables that are set, of an object or of `process.env`. */
function textsOf(value: unknown): Record<string, unknown> {
  const copy = value === process.env ? { ...process.env } : plainCopy(value);
  if (copy === null) refuse('env', kindOf(value), 'a plain object of texts, or process.env');
  return Object.fromEntries(Object.entries(copy).filter(([, text]) => text !== undefined));
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? 'an object of another kind' : `a ${typeof value}`;
}
