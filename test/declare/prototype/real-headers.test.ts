/**
 * B14: prototypes of zlib, SQLite, libcurl, libcrypto and the C library, copied from their headers with the macros in them,
 * are read, and their layout is the compiler's: sizes and signs of all arguments and results. Where the headers are
 * installed, the compiler compares the copies with them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { compileDeclarations } from '../../../src/declare/compile/compile.js';
import { Place } from '../../../src/declare/compile/problem.js';
import { fromPrototype } from '../../../src/declare/prototype/from-prototype.js';
import { SCALARS } from '../../../src/declare/language/scalars.js';
import type { FunctionSpec, ParamSpec, Scalar } from '../../../src/declare/spec.js';
import { slow } from '../../helpers/fast-run.js';
import { packageRoot } from '../../helpers/testlib.js';

/** The headers that declare what is in each file. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  zlib: ['zlib.h'],
  sqlite3: ['sqlite3.h'],
  curl: ['curl/curl.h', 'curl/header.h', 'curl/websockets.h', 'curl/options.h'],
  crypto: [
    'openssl/evp.h',
    'openssl/bio.h',
    'openssl/bn.h',
    'openssl/rand.h',
    'openssl/err.h',
    'openssl/hmac.h',
    'openssl/sha.h',
    'openssl/md5.h',
  ],
  libc: ['string.h', 'stdlib.h', 'unistd.h', 'time.h', 'ctype.h'],
};

interface Header {
  readonly text: string;
  /** Each with the typedefs that it needs in front. */
  readonly prototypes: readonly string[];
}

function headerOf(library: string): Header {
  const text = readFileSync(join(packageRoot(), 'test/fixtures/prototypes', `${library}.h`), 'utf8');
  const statements = text
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .replaceAll(/^#.*$/gm, '')
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const typedefs = statements.filter((one) => one.startsWith('typedef'));
  return {
    text,
    prototypes: statements
      .filter((one) => !one.startsWith('typedef'))
      .map((one) => `${neededBy(one, typedefs).join('')}${one};`),
  };
}

/** The typedefs that a text names, and those that they name, in their order. */
function neededBy(text: string, typedefs: readonly string[]): string[] {
  let words = text;
  const needed = new Set<string>();
  for (const typedef of typedefs.toReversed()) {
    const name = /\(\s*\*\s*(\w+)\s*\)|(\w+)$/
      .exec(typedef)
      ?.slice(1)
      .find((one) => one !== undefined);
    if (name === undefined || !new RegExp(`\\b${name}\\b`).test(words)) continue;
    needed.add(`${typedef}; `);
    words += typedef;
  }
  return [...needed].toReversed();
}

/** How the compiler has to see a value: its size, and whether it is signed; a float is 8 more. */
function kindOf(type: Scalar | 'void'): string {
  if (type === 'void') return 'VOID';
  if (type === 'pointer') return 'POINTER';
  if (type === 'bool') return 'BOOL';
  if (type === 'f32' || type === 'f64') return `FLOATING + ${SCALARS[type].size}`;
  return `${SCALARS[type].signed ? 'SIGNED' : 'UNSIGNED'} + ${SCALARS[type].size}`;
}

function kindOfParam(param: ParamSpec): string {
  return kindOf(param.kind === 'value' ? param.type : 'pointer');
}

const CHECK = `
#include <initializer_list>
#include <type_traits>
enum { VOID = 1, POINTER = 2, BOOL = 3, SIGNED = 10, UNSIGNED = 30, FLOATING = 50, ENUM = 70 };
template <class T> constexpr int kind() {
  if constexpr (std::is_void_v<T>) return VOID;
  else if constexpr (std::is_pointer_v<T>) return POINTER;
  else if constexpr (std::is_same_v<T, bool>) return BOOL;
  else if constexpr (std::is_enum_v<T>) return ENUM + (int)sizeof(T);
  else if constexpr (std::is_floating_point_v<T>) return FLOATING + (int)sizeof(T);
  else return (std::is_signed_v<T> ? SIGNED : UNSIGNED) + (int)sizeof(T);
}
/* C leaves the sign of an enum open. */
constexpr bool same(int found, int expected) {
  return found == expected || (found == ENUM + 4 && (expected == SIGNED + 4 || expected == UNSIGNED + 4));
}
template <class R, class... A> constexpr bool fits(R (*)(A...), std::initializer_list<int> expected) {
  const int found[] = {kind<R>(), kind<A>()...};
  if (expected.size() != sizeof...(A) + 1) return false;
  for (unsigned at = 0; at < expected.size(); at++) if (!same(found[at], expected.begin()[at])) return false;
  return true;
}
`;

function compiler(command: string, args: readonly string[], input: string): string {
  const { status, stderr, error } = spawnSync(command, [...args, '-fsyntax-only', '-'], {
    input,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  return status === 0 ? '' : stderr;
}

function hasHeaders(headers: readonly string[]): boolean {
  return compiler('cc', ['-xc'], headers.map((header) => `#include <${header}>\n`).join('')) === '';
}

/** All of them take TypeScript half a minute. */
const everyThird = (list: readonly string[]): string[] => list.filter((_, at) => at % 3 === 0);

/** A program that compiles if what TypeScript reads in each prototype is what is read at run time. */
function typeScriptOf(root: string): string {
  const lines = Object.keys(LIBRARIES).flatMap((library) =>
    everyThird(headerOf(library).prototypes).map((source) => {
      const text = source.replaceAll(/\s+/g, ' ');
      const copy = fromPrototype(new Place('lib', 'f'), text, new Map());
      copy.delete('symbol');
      // Options left out are undefined, which JSON has not.
      const shape = JSON.stringify(Object.fromEntries(copy), (key, value: unknown) =>
        key === 'callback' ? { ...(value as object), options: '(undefined)' } : value,
      ).replaceAll('"(undefined)"', 'undefined');
      return `reads(${JSON.stringify(text)}, ${shape});`;
    }),
  );
  return `import type { FromPrototype } from '${root}/src/declare/prototype/infer-prototype.ts';
declare function reads<const S extends string>(source: S, shape: FromPrototype<S>): void;
// @ts-expect-error another answer does not compile
reads('int f(int)', { arguments: ['u32'], return: 'i32' });
${lines.join('\n')}
`;
}

let total = 0;

describe('prototypes of real headers (B14)', function () {
  this.timeout(60_000);

  for (const [library, headers] of Object.entries(LIBRARIES)) {
    const { text, prototypes } = headerOf(library);
    total += prototypes.length;
    let specs: readonly FunctionSpec[];

    it(`of ${library} are read: ${prototypes.length}`, () => {
      specs = prototypes.map((source) => {
        const [fn] = compileDeclarations(library, { f: source });
        return (fn as NonNullable<typeof fn>).spec;
      });
      const names = specs.map(({ symbol }) => symbol);
      expect(new Set(names).size).to.equal(names.length);
      for (const [at, name] of names.entries()) {
        expect(prototypes[at]).to.match(
          new RegExp(`\\b${name}\\b\\)?\\s*(OF\\()?\\(`),
          'the name of the function',
        );
      }
    });

    it(`of ${library} have the compiler's layout`, () => {
      const asserts = specs.map(({ symbol, params, returns }) => {
        const result = returns.kind === 'value' ? returns.type : returns.kind === 'void' ? 'void' : 'pointer';
        const kinds = [kindOf(result), ...params.map(kindOfParam)].join(', ');
        return `static_assert(fits(&${symbol}, {${kinds}}), "${symbol}");\n`;
      });
      // Names that C++ keeps for itself may be those of parameters.
      const source = `${CHECK}extern "C" {\n#define new new_\n#define delete delete_\n${text}}\n${asserts.join('')}`;
      expect(compiler('c++', ['-xc++', '-std=c++17', '-w'], source)).to.equal('');
      const wrong = `${source}static_assert(fits(&${specs[0]?.symbol}, {FLOATING + 4, BOOL}), "");\n`;
      expect(compiler('c++', ['-xc++', '-std=c++17', '-w'], wrong), 'what a wrong layout is').to.match(
        /static.assert/,
      );
    });

    if ((library !== 'libc' || process.platform === 'linux') && hasHeaders(headers)) {
      it(`of ${library} are those of the installed headers`, () => {
        const names = specs.map(({ symbol }) => `#undef ${symbol}\n`).join('');
        const includes = headers.map((header) => `#include <${header}>\n`).join('');
        const own = text.replaceAll(/^(#define|#include|typedef) [^]*?$/gm, (line) =>
          line.startsWith('#define') ? `#ifndef ${/^#define (\w+)/.exec(line)?.[1]}\n${line}\n#endif` : '',
        );
        expect(compiler('cc', ['-xc', '-D_GNU_SOURCE', '-w'], `${includes}${names}${own}`)).to.equal('');
      });
    }
  }

  slow('have the same answers for TypeScript', () => {
    const root = packageRoot();
    const folder = mkdtempSync(join(root, 'build/prototypes-'));
    try {
      writeFileSync(join(folder, 'all.ts'), typeScriptOf(root));
      const options = [
        '--noEmit',
        '--strict',
        '--skipLibCheck',
        '--ignoreConfig',
        '--allowImportingTsExtensions',
      ];
      const target = ['--target', 'esnext', '--module', 'nodenext', '--types', 'node'];
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      const args = [tsc, ...options, ...target, join(folder, 'all.ts')];
      const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
      expect({ status, stdout }).to.deep.equal({ status: 0, stdout: '' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are more than two hundred', () => {
    expect(total).to.be.greaterThan(200);
  });
});
