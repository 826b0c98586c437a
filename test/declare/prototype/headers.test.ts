/** B14: prototypes as the headers of the C library have them, against the compiler of this machine. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { SCALARS } from '../../../src/declare/language/scalars.js';
import { parsePrototype } from '../../../src/declare/prototype/c-parser.js';
import { PrototypeProblem } from '../../../src/declare/prototype/c-tokens.js';
import { BASIC_TYPES, STANDARD_TYPES } from '../../../src/declare/prototype/c-types.js';
import { meaningOf } from '../../../src/declare/language/names.js';
import type { Scalar } from '../../../src/declare/spec.js';

const HEADERS = [
  'stddef',
  'stdlib',
  'string',
  'stdio',
  'unistd',
  'math',
  'time',
  'ctype',
  'fcntl',
  'wchar',
  'sys/mman',
  'sys/socket',
  'sys/stat',
  'netdb',
  'pthread',
  'uchar',
  'stdint',
  'stdbool',
];
const INCLUDES = HEADERS.map((header) => `#include <${header}.h>\n`).join('');

function compile(args: readonly string[], source: string): string {
  const { status, stdout, stderr } = spawnSync('cc', [...args, '-xc', '-'], {
    input: `#define _GNU_SOURCE\n${INCLUDES}${source}`,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
  return stdout;
}

/** The statements of a preprocessed file: cut at semicolons outside braces. */
function statements(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let now = '';
  for (const char of text.replaceAll(/^#.*$/gm, '')) {
    if (char === '{') depth++;
    if (char === '}') depth--;
    now += char;
    if (depth > 0 || (char !== ';' && char !== '}')) continue;
    if (char === '}' && !/\)[^()]*\{/.test(now)) continue;
    found.push(now.trim());
    now = '';
  }
  return found;
}

describe('prototypes and the compiler (B14)', function () {
  this.timeout(30_000);

  it('have the sizes and signs that the compiler gives their types', () => {
    const all = { ...BASIC_TYPES, ...STANDARD_TYPES };
    const asserts = Object.entries(all).map(([type, word]) => {
      const { size, signed, type: of } = SCALARS[meaningOf(word) as Scalar];
      const name = type === '_Bool' ? 'bool' : type;
      const sign = of === 'boolean' ? '1' : `((${name})-1 < (${name})0) == ${signed ? 1 : 0}`;
      return `_Static_assert(sizeof(${name}) == ${size} && (${sign}), "${name}");\n`;
    });
    compile(['-fsyntax-only'], asserts.join(''));
  });

  it('are read as the headers of the C library have them', () => {
    const known = statements(compile(['-E', '-P'], ''));
    const typedefs = known.filter((text) => text.startsWith('typedef'));
    const functions = known.filter(
      (text) => text.startsWith('extern') && text.includes('(') && text.endsWith(';'),
    );
    const refused = new Map<string, number>();
    let read = 0;
    for (const text of functions) {
      try {
        expect(parsePrototype(text).name).to.match(/^\w+$/);
        read++;
      } catch (error) {
        if (!(error instanceof PrototypeProblem)) throw error;
        refused.set(error.message, (refused.get(error.message) ?? 0) + 1);
      }
    }
    expect(typedefs.length).to.be.greaterThan(50);
    expect(read).to.be.greaterThan(500);
    // Types that no register holds, and variables with a parenthesis in their attributes.
    for (const what of refused.keys())
      expect(what).to.match(/long double|_Complex|is not a type of C|declares no function/);
  });
});
