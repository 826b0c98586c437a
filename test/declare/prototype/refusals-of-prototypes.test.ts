/** B14, M4: a prototype that cannot be read is an error that shows the place. */
import { struct } from '../../../src/declare/language/structs.js';
import { expect } from 'chai';
import fc from 'fast-check';
import { compileDeclarations } from '../../../src/declare/compile/compile.js';
import { parsePrototype } from '../../../src/declare/prototype/c-parser.js';
import { PrototypeProblem } from '../../../src/declare/prototype/c-tokens.js';
import { DeclarationError } from '../../../src/errors.js';

/** A declaration, and what its error has to say; of a prototype, the text under the caret as well. */
const REFUSED: readonly (readonly [unknown, RegExp, string?])[] = [
  ['', /Write a prototype/, ''],
  ['f(int)', /The type that f returns is missing/, 'f'],
  ['int f(int a, in32_t b)', /in32_t is not a type of C\. Did you mean 'int32_t'\?/, 'in32_t'],
  [
    'z_size f(int)',
    /z_size is not a type of C\. Write the type that it stands for .* typedef in front/,
    'z_size',
  ],
  [
    'int f(int a, struct point p)',
    /A struct point is passed by value here.*structs: \{ name: struct/,
    'struct point',
  ],
  [
    'struct point f(void)',
    /A struct point is passed by value here.*structs: \{ name: struct/,
    'struct point',
  ],
  ['int f(const char *, ...)', /variable number of arguments.*variadic: \['int', 'double'\]/, '...'],
  ['int f(int (*log)(const char *, ...))', /callback with a variable number/, 'i'],
  ['int f(int a', /This '\(' has no '\)'/, '('],
  ['int f(int a)) ', /The prototype ends before this/, ')'],
  ['int f(int a int b)', /'int int' is not a type of C/, 'int'],
  ['int f(int a) { return a; }', /The body of the function begins here/, '{'],
  ['#include <f.h>\nint f(void)', /no preprocessor lines/, '#'],
  ['int f(void);\nint g(void);', /The prototype ends before this\. Write one function/, 'int'],
  ['int x', /declares no function/, 'int'],
  ['int x = 3', /variable with a value/, '='],
  ['int f(int &a)', /A reference is C\+\+/, '&'],
  ['int a::f(int)', /A name of C\+\+/, ':'],
  ['extern "C" int f(int)', /Write the prototype without extern "C"/, '"C"'],
  ['long double f(void)', /A C long double cannot be passed/, 'long'],
  ['double complex csqrt(double complex z)', /A C double complex cannot be passed/, 'double'],
  ['complex float f(void)', /A C float complex cannot be passed/, 'complex'],
  ['__complex__ double f(void)', /A C __complex__ double cannot be passed/, '__complex__'],
  ['int f(unsigned __int128 a)', /A C unsigned __int128 cannot be passed/, 'unsigned'],
  ['int f(unsigned __int64 a)', /A C unsigned __int64 cannot be passed/, 'unsigned'],
  ['typedef float v4 __attribute__((vector_size(16))); v4 f(v4)', /changes the type/, 'vector_size'],
  ['typedef int b __attribute__((__mode__(__QI__))); b f(b)', /changes the type/, '__mode__'],
  ['__attribute__((ms_abi)) int f(int)', /the way it is passed/, 'ms_abi'],
  ['unsigned float f(void)', /'unsigned float' is not a type of C/, 'unsigned'],
  ['int f(void a)', /A parameter cannot be void/, 'void'],
  ['int f(int 3)', /'3' cannot stand here/, '3'],
  ['int f(/* a', /A comment begins here and does not end/, '/'],
  ['int f(int a, @)', /The character "@" is not part/, '@'],
  ['int f(int a) __asm__', /__asm__ is followed by the name that the function has/, '__asm__'],
  ['int f(int a) asm(5)', /asm is followed by the name that the function has/, 'asm'],
  ['int f(int a __asm__("rdi"))', /__asm__ names a function of the library\. It belongs behind/, '__asm__'],
  ['__asm__("g") int f(int a)', /__asm__ names a function of the library/, '__asm__'],
  ['int f(int a) g', /The prototype ends before this/, 'g'],
  ['int f(int a) __attribute__((ms_abi))', /the way it is passed/, 'ms_abi'],
  ['int f(int a.b)', /',' or '\)' is missing before this/, '.'],
  ['int f OF((int a', /This '\(' has no '\)'/, '('],
  ['typedef int; int f(void)', /This typedef has no name/, 'int'],
  ['typedef int a, b; int f(a)', /A typedef ends with a semicolon/, ','],
  [`int f(int ${'('.repeat(50)}a${')'.repeat(50)})`, /nested too deeply/],
  [`int f(${'int,'.repeat(40_000)} int)`, /has 160,?\d+ characters/],
  [
    'struct f { unsigned a : 3; }; int f(struct f *p)',
    /Bit-fields have no addresses.*one integer for those that share it/,
    ':',
  ],
  ['struct s { int n; char rest[]; }; int f(struct s *p)', /An array without a length.*Leave it out/, '['],
  [
    'struct s { char name[MAX]; }; int f(struct s *p)',
    /The length of the array is MAX\. Write it as a number/,
    '[',
  ],
  [
    'struct s { union { int i; }; }; int f(struct s *p)',
    /This union has no name in the struct around it/,
    'union',
  ],
  ['struct s { }; int f(struct s *p)', /This struct has no fields/, '{'],
  ['struct s { struct s me; }; int f(struct s *p)', /The struct s has itself as a field/, '{'],
  ['struct s { int a; long a; }; int f(struct s *p)', /two fields with the name 'a'/, 'long'],
  ['struct s { int a }; int f(struct s *p)', /A field ends with a semicolon/, '}'],
  [
    'struct s { in32_t a; }; int f(struct s *p)',
    /in32_t is not a type of C\. Did you mean 'int32_t'/,
    'in32_t',
  ],
  [
    'struct s { struct t a; }; int f(struct s *p)',
    /A struct t is a field here, so its fields have to be known: put its definition in front/,
    'struct t',
  ],
  ['struct s { long double a; }; int f(struct s *p)', /A C long double cannot be passed/, 'long'],
  ['struct s { int a __attribute__((aligned(8))); }; int f(struct s *p)', /aligned moves fields/, 'aligned'],
  [
    'struct s { int a; } __attribute__((aligned(32))); int f(struct s *p)',
    /aligned\(32\) is not known here/,
    'aligned',
  ],
  ['struct s { int a; }; struct s { int b; }; int f(struct s *p)', /The struct s is defined twice/, '{'],
  ['#pragma pack(3)\nint f(int a)', /Write pack\(push, n\)/, '#pragma pack(3)'],
  [
    { prototype: 'struct s { int a; }; int f(struct s p[])', out: ['p'] },
    /out names 'p', which is not a pointer to one value/,
  ],
  [{ prototype: 5 }, /prototype is 5\. Expected a C prototype/],
  [{ prototype: 'int f(int *a)', out: ['b'] }, /out names 'b', which is no parameter .* Did you mean 'a'\?/],
  [{ prototype: 'int f(int *)', out: ['b'] }, /have no names: use their indices/],
  [{ prototype: 'int f(int *a)', out: [1] }, /out names 1, which is no parameter/],
  [{ prototype: 'int f(int *a)', out: 'a' }, /out is 'a'\. Expected a list of the names/],
  [{ prototype: 'int f(int a)', out: ['a'] }, /out names 'a', which is not a pointer to one value/],
  [
    { prototype: 'int f(int *a)', out: ['a'], inout: ['a'] },
    /inout names 'a', which is named beside the prototype already/,
  ],
  [
    { prototype: 'int f(int *a)', out: ['a'], owned: { a: 'free' } },
    /out names 'a', which is not a 'char \*\*'/,
  ],
  [{ prototype: 'int f(char **a)', owned: { a: 'free' } }, /owned names 'a', which is not an out parameter/],
  [{ prototype: 'int f(void)', owned: 'free' }, /the function returns none/],
  [{ prototype: 'int f(const int *a)', out: ['a'] }, /out names 'a', which points to something const/],
  [{ prototype: 'int f(const int *a)', inout: ['a'] }, /inout names 'a', which points to something const/],
  [{ prototype: 'int f(char *const *a)', out: ['a'] }, /out names 'a', which points to something const/],
  [
    { prototype: 'typedef const int c; int f(c a[])', out: ['a'] },
    /out names 'a', which points to something/,
  ],
  [{ prototype: 'int f(int *a)', optional: ['a'] }, /optional names 'a', which is not an out or inout/],
  [{ prototype: 'int f(int *a)', optional: ['b'] }, /optional names 'b', which is no parameter/],
  [{ prototype: 'int f(char *a)', cstrings: ['a'] }, /cstrings names 'a', which is not a 'char \*\*'/],
  [{ prototype: 'int f(char ***a)', cstrings: ['a'] }, /cstrings names 'a', which is not a 'char \*\*'/],
  [{ prototype: 'int f(char **a)', cstrings: 'a' }, /cstrings is 'a'\. Expected a list of the names/],
  [{ prototype: 'int f(char **a)', cstrings: { a: 'n' } }, /cstrings names 'n', which is no parameter/],
  [
    { prototype: 'int f(char **a, double n)', cstrings: { a: 'n' } },
    /arguments\[0\]\.cstrings is 1\. Expected the index/,
  ],
  [
    { prototype: 'int f(char **a)', cstrings: { a: 'a' } },
    /arguments\[0\]\.cstrings is 0\. Expected the index/,
  ],
  [{ prototype: 'int f(int a)', chunks: 'a' }, /chunks names 'a', which is not a pointer to a function/],
  [{ prototype: 'int f(int a)', cancelFlag: 'a' }, /cancelFlag names 'a', which is not a 'const volatile/],
  [{ prototype: 'int f(bool *a)', cancelFlag: 'a' }, /cancelFlag names 'a', which is not a 'const volatile/],
  [{ prototype: 'int f(double **a)', progress: 'a' }, /progress names 'a', which is not a 'volatile double/],
  [{ prototype: 'int f(int *a)', cancelProbe: 'a' }, /cancelProbe names 'a', which is not an 'int \(\*\)/],
  [{ prototype: 'int f(int (*a)(int))', cancelProbe: 'a' }, /cancelProbe names 'a', which is not an 'int/],
  [{ prototype: 'int f(int *)', out: [1] }, /out names 1, which is no parameter/],
  [{ prototype: 'int f(struct x *a)', structs: [] }, /structs is \[\]\. Expected an object of types/],
  [
    { prototype: 'int f(struct x *a)', structs: { x: 'i32' } },
    /structs\.x is 'i32'\. Expected a type made by/,
  ],
  [
    { prototype: 'int f(struct point *a, FILE *b)', structs: { pont: struct({ x: 'i32' }) } },
    /structs names 'pont', which is not .* Did you mean 'point'\? Those are: point, FILE\./,
  ],
  [
    { prototype: 'int f(const struct x *a)', structs: { x: struct({ x: 'i32' }) }, out: ['a'] },
    /out names 'a', which points to something const/,
  ],
  [{ prototype: 'int f(int a)', variadic: ['int'] }, /variadic is set, but the prototype has no '\.\.\.'/],
  [{ prototype: 'int f(int a, ...)', variadic: 'int' }, /variadic is 'int'\. Expected a list of types/],
  [
    { prototype: 'int f(int a, ...)', variadic: ['intt'] },
    /variadic\[0\] is 'intt'\. intt is not a type of C/,
  ],
  [{ prototype: 'int f(int a, ...)', variadic: ['int, int'] }, /Write one type in each entry/],
  [{ prototype: 'int f(int a, ...)', variadic: ['void'] }, /variadic\[0\] is 'void', which is not valid/],
  [{ prototype: 'int f(int a, ...)', variadic: [5] }, /variadic\[0\] is 5/],
  [{ prototype: 'int f(int a)', outs: ['a'] }, /unknown key 'outs'\. Did you mean 'out'\?/],
  [{ prototype: 'int f(int a)', arguments: [] }, /unknown key 'arguments'/],
];

function refusal(declaration: unknown): DeclarationError {
  try {
    compileDeclarations('lib', { f: declaration });
  } catch (error) {
    expect(error).to.be.instanceOf(DeclarationError);
    return error as DeclarationError;
  }
  throw new Error('it was accepted');
}

describe('prototypes that cannot be read (B14, M4)', () => {
  for (const [declaration, message, marked] of REFUSED) {
    const title = typeof declaration === 'string' ? declaration : JSON.stringify(declaration);
    it(title.slice(0, 80), () => {
      const text = refusal(declaration).message;
      expect(text).to.match(message);
      if (marked === undefined) return;
      const [line, caret] = text.split('\n').slice(-2) as [string, string];
      expect(caret).to.match(/^ *\^+$/);
      expect(line.slice(caret.indexOf('^'), caret.length).startsWith(marked)).to.equal(true);
    });
  }

  it('any text is read or refused, in bounded time', () => {
    const words = [
      'int',
      'char',
      '*',
      '(',
      ')',
      '[',
      ']',
      ',',
      ';',
      'const',
      'struct',
      'f',
      'x',
      'void',
      '...',
      '{',
      '}',
      'typedef',
      'enum',
      '"a"',
      '/*',
      '*/',
    ];
    const texts = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((list) => list.join(' ')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parsePrototype(text);
        } catch (error) {
          expect(error).to.be.instanceOf(PrototypeProblem);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
