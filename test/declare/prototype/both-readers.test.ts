/**
 * B14: a C prototype is a declaration, at run time and for TypeScript, with the same answers. Compiling this file is
 * half of each test: what is expected has the type that TypeScript reads in the text.
 */
import { expect } from 'chai';
import { Place } from '../../../src/declare/compile/problem.js';
import { array, pointer, struct, union } from '../../../src/declare/language/structs.js';
import { callback, chunks, inout, out } from '../../../src/declare/language/wrappers.js';
import { fromPrototype } from '../../../src/declare/prototype/from-prototype.js';
import type { FromPrototype } from '../../../src/declare/prototype/infer-prototype.js';

/** Both readers give `shape` for the text. */
function reads<const S extends string>(source: S, shape: FromPrototype<S>): void {
  readsBeside(source, {}, shape as never);
}

/** The same, with what is said beside the prototype. */
function readsBeside<const S extends string, const B extends object>(
  source: S,
  beside: B,
  shape: FromPrototype<S, B>,
): void {
  it(source.replaceAll(/\s+/g, ' '), () => {
    const copy = fromPrototype(new Place('lib', 'f'), source, new Map(Object.entries(beside)));
    copy.delete('symbol');
    expect(comparable(Object.fromEntries(copy))).to.deep.equal(comparable(shape));
  });
}

/** Without the functions of structs, of which each has its own. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Reflect.ownKeys(value).map(
    (key) => [key, (value as Record<PropertyKey, unknown>)[key]] as const,
  );
  return Object.fromEntries(
    entries.filter(([, one]) => typeof one !== 'function').map(([key, one]) => [key, comparable(one)]),
  );
}

const bytes = inout('buffer');

describe('prototypes: scalars (B14)', () => {
  reads('int32_t add(int32_t a, int32_t b)', { arguments: ['i32', 'i32'], return: 'i32' });
  reads('double hypot(double x, double y);', { arguments: ['f64', 'f64'], return: 'f64' });
  reads('void nothing(void)', { arguments: [], return: 'void' });
  reads('int old()', { arguments: [], return: 'i32' });
  reads('char c(char, signed char, unsigned char)', { arguments: ['char', 'i8', 'u8'], return: 'char' });
  reads('short s(short, short int, unsigned short, unsigned short int)', {
    arguments: ['i16', 'i16', 'u16', 'u16'],
    return: 'i16',
  });
  reads('unsigned u(unsigned, unsigned int, int unsigned, signed, signed int)', {
    arguments: ['u32', 'u32', 'u32', 'i32', 'i32'],
    return: 'u32',
  });
  reads('long l(long, long int, unsigned long, unsigned long int, long unsigned int)', {
    arguments: ['i64', 'i64', 'u64', 'u64', 'u64'],
    return: 'i64',
  });
  reads('long long q(long long, unsigned long long, long long unsigned int, signed long long)', {
    arguments: ['i64', 'u64', 'u64', 'i64'],
    return: 'i64',
  });
  reads('float f(float, double)', { arguments: ['f32', 'f64'], return: 'f32' });
  reads('bool b(bool, _Bool)', { arguments: ['bool', 'bool'], return: 'bool' });
  reads('uint8_t w(int8_t a, uint8_t b, int16_t c, uint16_t d, uint32_t e, int64_t f, uint64_t g)', {
    arguments: ['i8', 'u8', 'i16', 'u16', 'u32', 'i64', 'u64'],
    return: 'u8',
  });
  reads('size_t z(size_t, ssize_t, ptrdiff_t, intptr_t, uintptr_t, off_t, time_t)', {
    arguments: ['size', 'i64', 'i64', 'i64', 'u64', 'i64', 'i64'],
    return: 'size',
  });
  reads('pid_t p(pid_t pid, uid_t uid, gid_t gid, socklen_t length)', {
    arguments: ['i32', 'u32', 'u32', 'u32'],
    return: 'i32',
  });
  reads('enum color mix(enum color a, enum color b)', { arguments: ['i32', 'i32'], return: 'i32' });
  reads('int (plain)(int x)', { arguments: ['i32'], return: 'i32' });
  reads('int(int)', { arguments: ['i32'], return: 'i32' });
  reads('double (double, double)', { arguments: ['f64', 'f64'], return: 'f64' });
});

describe('prototypes: pointers (B14)', () => {
  reads('size_t strlen(const char *s)', { arguments: ['cstring'], return: 'size' });
  reads('size_t strlen(char const *s)', { arguments: ['cstring'], return: 'size' });
  reads('const char *name(void)', { arguments: [], return: 'cstring' });
  reads('char *strdup(const char * const s)', { arguments: ['cstring'], return: 'cstring' });
  reads('char *fill(char *into, size_t n)', { arguments: [bytes, 'size'], return: 'cstring' });
  reads('void *memcpy(void *restrict to, const void *restrict from, size_t n)', {
    arguments: [bytes, 'buffer', 'size'],
    return: 'pointer',
  });
  reads('unsigned char *SHA256(const unsigned char *d, size_t n, unsigned char *md)', {
    arguments: ['buffer', 'size', bytes],
    return: 'pointer',
  });
  reads('double sum(const double *values, size_t n)', { arguments: ['buffer', 'size'], return: 'f64' });
  reads('double sum(const double values[], size_t n)', { arguments: ['buffer', 'size'], return: 'f64' });
  reads('void scale(double values[static 4], double by)', { arguments: [bytes, 'f64'], return: 'void' });
  reads('void grid(const int cells[8][8])', { arguments: ['pointer'], return: 'void' });
  reads('int sqlite3_close(sqlite3 *db)', { arguments: ['pointer'], return: 'i32' });
  reads('struct node *next(struct node *of, const struct node *end)', {
    arguments: ['pointer', 'pointer'],
    return: 'pointer',
  });
  reads('union value *get(union value *of)', { arguments: ['pointer'], return: 'pointer' });
  reads('int main(int argc, char **argv)', { arguments: ['i32', 'pointer'], return: 'i32' });
  reads('int main(int argc, char *argv[])', { arguments: ['i32', 'pointer'], return: 'i32' });
  reads('void **table(void ***of)', { arguments: ['pointer'], return: 'pointer' });
  reads('FILE *fopen(const char *path, const char *mode)', {
    arguments: ['cstring', 'cstring'],
    return: 'pointer',
  });
});

describe('prototypes: callbacks (B14)', () => {
  reads('void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))', {
    arguments: [bytes, 'size', 'size', callback({ arguments: ['pointer', 'pointer'], return: 'i32' })],
    return: 'void',
  });
  reads('int each(int (*)(int, const char *, double), void *context)', {
    arguments: [callback({ arguments: ['i32', 'cstring', 'f64'], return: 'i32' }), bytes],
    return: 'i32',
  });
  reads('int on(void (*done)(void))', {
    arguments: [callback({ arguments: [], return: 'void' })],
    return: 'i32',
  });
  reads('int on(void done(int))', {
    arguments: [callback({ arguments: ['i32'], return: 'void' })],
    return: 'i32',
  });
  reads('int make(void *(*allocate)(void *opaque, unsigned items, unsigned size))', {
    arguments: [callback({ arguments: ['pointer', 'u32', 'u32'], return: 'pointer' })],
    return: 'i32',
  });
  reads('int keep(int (**slot)(int))', { arguments: ['pointer'], return: 'i32' });
  reads('void (*signal(int sig, void (*func)(int)))(int)', {
    arguments: ['i32', callback({ arguments: ['i32'], return: 'void' })],
    return: 'pointer',
  });
  reads('int sort(int n, int (*const compare)(struct item *a, struct item *b))', {
    arguments: ['i32', callback({ arguments: ['pointer', 'pointer'], return: 'i32' })],
    return: 'i32',
  });
  reads('int walk(bool (*visit)(uint64_t id, char *name))', {
    arguments: [callback({ arguments: ['u64', 'pointer'], return: 'bool' })],
    return: 'i32',
  });
  reads('int nested(int (*outer)(int (*inner)(int)))', {
    arguments: [callback({ arguments: ['pointer'], return: 'i32' })],
    return: 'i32',
  });
});

describe('prototypes: as headers have them (B14)', () => {
  reads(
    'ZEXTERN unsigned long ZEXPORT crc32(unsigned long crc, const unsigned char *buf, unsigned int len);',
    {
      arguments: ['u64', 'buffer', 'u32'],
      return: 'u64',
    },
  );
  reads('SQLITE_API const char *sqlite3_errmsg(sqlite3*);', { arguments: ['pointer'], return: 'cstring' });
  reads('SQLITE_API size_t *LIBCALL of(FILE *)', { arguments: ['pointer'], return: 'pointer' });
  reads(
    'typedef unsigned long uLong; ZEXTERN uLong ZEXPORT adler32(uLong adler, const unsigned char *b, unsigned n);',
    {
      arguments: ['u64', 'buffer', 'u32'],
      return: 'u64',
    },
  );
  reads('typedef int CURLcode; typedef void CURL; CURLcode curl_easy_perform(CURL *handle)', {
    arguments: [bytes],
    return: 'i32',
  });
  reads('typedef struct sqlite3 sqlite3; int sqlite3_changes(sqlite3 *)', {
    arguments: ['pointer'],
    return: 'i32',
  });
  reads('typedef struct { int x; double y; } point; double length(const point *p)', {
    arguments: [pointer(struct({ x: 'i32', y: 'f64' }))],
    return: 'f64',
  });
  reads('typedef enum { A, B = 2 } mode; mode other(mode m)', { arguments: ['i32'], return: 'i32' });
  reads('typedef int (*compare)(const void *, const void *); void sort(void *base, compare by)', {
    arguments: [bytes, callback({ arguments: ['pointer', 'pointer'], return: 'i32' })],
    return: 'void',
  });
  reads('typedef const char *text; text upper(text of)', { arguments: ['cstring'], return: 'cstring' });
  reads('int abs (int __x) __attribute__ ((__nothrow__ , __leaf__)) __attribute__ ((__const__));', {
    arguments: ['i32'],
    return: 'i32',
  });
  reads('extern void *malloc (size_t __size) __attribute__ ((__malloc__));', {
    arguments: ['size'],
    return: 'pointer',
  });
  reads('static inline __attribute__((always_inline)) int one(void)', { arguments: [], return: 'i32' });
  reads('extern char *strcpy (char *__restrict __dest, const char *__restrict __src);', {
    arguments: [bytes, 'cstring'],
    return: 'cstring',
  });
  reads('int f(/* first */ int a, // second\n int b)', { arguments: ['i32', 'i32'], return: 'i32' });
  reads('int\nf(\n\tint a,\r\n\tint b\n)\n;', { arguments: ['i32', 'i32'], return: 'i32' });
  reads('const volatile int f(volatile int a, register int b)', { arguments: ['i32', 'i32'], return: 'i32' });
  reads('int access(const char*path,int mode)', { arguments: ['cstring', 'i32'], return: 'i32' });
});

describe('prototypes: what is said beside them (B14)', () => {
  readsBeside(
    'int sqlite3_open(const char *, sqlite3 **db)',
    { out: ['db'] },
    {
      arguments: ['cstring', out('pointer')],
      return: 'i32',
    },
  );
  readsBeside(
    'int sqlite3_open(const char *, sqlite3 **)',
    { out: [1] },
    {
      arguments: ['cstring', out('pointer')],
      return: 'i32',
    },
  );
  readsBeside(
    'double frexp(double x, int *exponent)',
    { out: ['exponent'] },
    {
      arguments: ['f64', out('i32')],
      return: 'f64',
    },
  );
  readsBeside(
    'int both(double *a, uint8_t *b, char **text)',
    { out: ['a', 'b', 'text'] },
    {
      arguments: [out('f64'), out('u8'), out('cstring')],
      return: 'i32',
    },
  );
  readsBeside(
    'int compress(unsigned char *to, unsigned long *n, const unsigned char *from, unsigned long m)',
    { inout: ['n'] },
    {
      arguments: [bytes, inout('u64'), 'buffer', 'u64'],
      return: 'i32',
    },
  );
  readsBeside(
    'int error(void *db, char **message)',
    { out: ['message'], owned: { message: 'sqlite3_free' } },
    {
      arguments: [bytes, out({ cstring: { free: 'sqlite3_free' } })],
      return: 'i32',
    },
  );
  readsBeside(
    'char *strdup(const char *s)',
    { owned: 'free' },
    {
      arguments: ['cstring'],
      return: { cstring: { free: 'free' } },
    },
  );
  readsBeside(
    'int rows(void *db, int (*row)(void *context, int n), void *context)',
    { chunks: 'row' },
    {
      arguments: [bytes, chunks({ arguments: ['pointer', 'i32'], return: 'i32' }), bytes],
      return: 'i32',
    },
  );
  readsBeside(
    'size_t read(size_t (*write)(const void *data, size_t n))',
    { chunks: { write: { bytes: [0, 1] } } },
    {
      arguments: [chunks({ arguments: ['pointer', 'size'], return: 'size' }, { bytes: [0, 1] })],
      return: 'size',
    },
  );
  readsBeside(
    'int ask(int (*answer)(int))',
    { callbacks: { answer: { sync: true, fallback: -1 } } },
    {
      arguments: [callback({ arguments: ['i32'], return: 'i32' }, { sync: true, fallback: -1 })],
      return: 'i32',
    },
  );
  readsBeside(
    'int spin(const int32_t *stop, int n, double *done)',
    { cancelFlag: 'stop', progress: 'done' },
    {
      arguments: ['cancelFlag', 'i32', 'progress'],
      return: 'i32',
    },
  );
  readsBeside(
    'int probe(int (*stopped)(void))',
    { cancelProbe: 'stopped' },
    {
      arguments: ['cancelProbe'],
      return: 'i32',
    },
  );
});

describe('prototypes: what may be left out, and arrays of strings (B14, B15)', () => {
  const optional = { optional: true } as const;
  readsBeside(
    'int prepare(sqlite3 *db, const char *sql, int n, sqlite3_stmt **statement, const char **tail)',
    { out: ['statement', 'tail'], optional: ['tail'] },
    {
      arguments: ['pointer', 'cstring', 'i32', out('pointer'), out('cstring', optional)],
      return: 'i32',
    },
  );
  readsBeside(
    'time_t time(time_t *now)',
    { inout: ['now'], optional: [0] },
    { arguments: [inout('i64', optional)], return: 'i64' },
  );
  readsBeside(
    'int f(int *a, char **b)',
    { out: [0, 'b'], optional: ['a', 1], owned: { b: 'free' } },
    {
      arguments: [out('i32', optional), out({ cstring: { free: 'free' } }, optional)],
      return: 'i32',
    },
  );
  readsBeside(
    'int execv(const char *path, char *const argv[])',
    { cstrings: ['argv'] },
    { arguments: ['cstring', 'cstrings'], return: 'i32' },
  );
  readsBeside('int f(char **)', { cstrings: [0] }, { arguments: ['cstrings'], return: 'i32' });
  readsBeside(
    'int f(const char *const *names, size_t n)',
    { cstrings: { names: 'n' } },
    { arguments: [{ cstrings: 1 }, 'size'], return: 'i32' },
  );
  readsBeside(
    'int f(size_t, const char **)',
    { cstrings: { 1: 0 } },
    { arguments: ['size', { cstrings: 0 }], return: 'i32' },
  );
  readsBeside(
    'int main(int argc, char *argv[], char *envp[])',
    { cstrings: { argv: 'argc' } },
    { arguments: ['i32', { cstrings: 0 }, 'pointer'], return: 'i32' },
  );
});

describe('prototypes: parameters without names (B14)', () => {
  readsBeside('int f(int, int *)', { cancelFlag: 1 }, { arguments: ['i32', 'cancelFlag'], return: 'i32' });
  readsBeside('int f(double *)', { progress: 0 }, { arguments: ['progress'], return: 'i32' });
  readsBeside('int f(int (*)(void))', { cancelProbe: 0 }, { arguments: ['cancelProbe'], return: 'i32' });
  readsBeside(
    'int f(int, char **)',
    { out: [1], owned: { 1: 'free' } },
    { arguments: ['i32', out({ cstring: { free: 'free' } })], return: 'i32' },
  );
  readsBeside(
    'int f(int, int (*)(int))',
    { callbacks: { 1: { sync: true } } },
    { arguments: ['i32', callback({ arguments: ['i32'], return: 'i32' }, { sync: true })], return: 'i32' },
  );
  readsBeside(
    'int f(int (*)(const void *, int))',
    { chunks: { 0: { bytes: [0, 1] } } },
    {
      arguments: [chunks({ arguments: ['pointer', 'i32'], return: 'i32' }, { bytes: [0, 1] })],
      return: 'i32',
    },
  );
});

describe('prototypes: words of compilers (B14)', () => {
  reads('__signed char f(__signed__ char, signed char)', { arguments: ['i8', 'i8'], return: 'i8' });
  reads('int f(__const__ char *s)', { arguments: ['cstring'], return: 'i32' });
  reads('int f(struct number *complex, int imaginary)', { arguments: ['pointer', 'i32'], return: 'i32' });
});

describe('prototypes: const in typedefs, and names in quotes (B14)', () => {
  reads('typedef const int row; double sum(row *values)', { arguments: ['buffer'], return: 'f64' });
  reads('typedef const char letter; int print(letter *text)', { arguments: ['cstring'], return: 'i32' });
  reads('typedef char const letter; letter *name(letter text[])', {
    arguments: ['cstring'],
    return: 'cstring',
  });
  reads('typedef const char *text; int print(text a, const text b)', {
    arguments: ['cstring', 'cstring'],
    return: 'i32',
  });
  reads('typedef int *const fixed; int set(fixed cell)', { arguments: [bytes], return: 'i32' });
  reads('typedef const double row[4]; double sum(row values)', { arguments: ['buffer'], return: 'f64' });
  reads('typedef const int a; typedef a b; int f(b *x, volatile b *y)', {
    arguments: ['buffer', 'buffer'],
    return: 'i32',
  });
  reads('typedef int a; int f(const a *x, a *y)', { arguments: ['buffer', bytes], return: 'i32' });
  reads('typedef const unsigned char byte; API byte *CALL get(byte *from)', {
    arguments: ['buffer'],
    return: 'pointer',
  });
  readsBeside(
    'int names(const char **text, const char *const *others)',
    { out: ['text'] },
    { arguments: [out('cstring'), 'pointer'], return: 'i32' },
  );
  reads('int f(int a) __asm__("g");', { arguments: ['i32'], return: 'i32' });
  reads('extern int scan(const char *text) __asm__ ("" "__isoc99_scan") __attribute__ ((__nothrow__));', {
    arguments: ['cstring'],
    return: 'i32',
  });
});

describe('prototypes: macros of headers (B14)', () => {
  reads('typedef struct z *z_streamp; ZEXTERN int ZEXPORT deflate OF((z_streamp strm, int flush));', {
    arguments: ['pointer', 'i32'],
    return: 'i32',
  });
  reads('ZEXTERN const char * ZEXPORT zlibVersion OF((void));', { arguments: [], return: 'cstring' });
  reads('void FAR *f(void FAR *in, unsigned char FAR * out)', {
    arguments: [bytes, bytes],
    return: 'pointer',
  });
  reads('CURL_EXTERN int CURL_DEPRECATED(7.56.0, "Use curl_mime_init()") curl_formget(const char *form)', {
    arguments: ['cstring'],
    return: 'i32',
  });
  reads(
    'extern void *memccpy (void *__restrict __dest, const void *__restrict __src, int __c, size_t __n) __THROW __nonnull ((1, 2)) __attr_access ((__write_only__, 1, 4));',
    { arguments: [bytes, 'buffer', 'i32', 'size'], return: 'pointer' },
  );
  reads('extern int atoi (const char *__nptr) __THROW __attribute_pure__ __nonnull ((1)) __wur;', {
    arguments: ['cstring'],
    return: 'i32',
  });
  reads('unsigned char *SHA256(const unsigned char *d, size_t n, unsigned char *md) DEPRECATED;', {
    arguments: ['buffer', 'size', bytes],
    return: 'pointer',
  });
});

const timeval = struct({ tv_sec: 'i64', tv_usec: 'i64' });
const either = union({ i: 'i32', f: 'f32' });
const all = array(timeval);

describe('prototypes: structs (B14, B15)', () => {
  readsBeside(
    'int settimeofday(const struct timeval *tv, const struct timezone *tz)',
    { structs: { timeval } },
    { arguments: [pointer(timeval), 'pointer'], return: 'i32' },
  );
  readsBeside(
    'int gettimeofday(struct timeval *restrict tv, void *tz)',
    { structs: { timeval }, out: ['tv'] },
    { arguments: [out(timeval), bytes], return: 'i32' },
  );
  readsBeside(
    'void add(struct timeval *to, struct timeval const *by, struct timeval **kept, struct timeval all[2])',
    { structs: { timeval } },
    { arguments: [inout(timeval), pointer(timeval), 'pointer', inout(timeval)], return: 'void' },
  );
  readsBeside(
    'struct timeval sum(struct timeval a, struct timeval b)',
    { structs: { timeval } },
    { arguments: [timeval, timeval], return: timeval },
  );
  readsBeside(
    'typedef struct { long a, b; } pair_t; pair_t swap(pair_t *by, pair_t)',
    { structs: { pair_t: timeval }, inout: ['by'] },
    { arguments: [inout(timeval), timeval], return: timeval },
  );
  readsBeside(
    'typedef struct timeval TV; TV *next(const TV *of)',
    { structs: { timeval } },
    { arguments: [pointer(timeval)], return: 'pointer' },
  );
  readsBeside(
    'div_t div(int numerator, int denominator)',
    { structs: { div_t: timeval } },
    { arguments: ['i32', 'i32'], return: timeval },
  );
  readsBeside(
    'int put(union either *value, const union either *from)',
    { structs: { either } },
    { arguments: [inout(either), pointer(either)], return: 'i32' },
  );
  readsBeside(
    'int poll(struct pollfd *fds, unsigned long count, int timeout)',
    { structs: { pollfd: all } },
    { arguments: [inout(all), 'u64', 'i32'], return: 'i32' },
  );
});

const point = struct({ x: 'f64', y: 'f64' });
const node = struct({
  next: 'pointer',
  name: array('char', 16),
  id: array('u8', 4),
  at: point,
  grid: array(array('i32', 3), 2),
});

describe('prototypes: structs that the text defines (B14, B15)', () => {
  reads('struct point { double x, y; }; double length(const struct point *p)', {
    arguments: [pointer(point)],
    return: 'f64',
  });
  reads('struct point { double x, y; }; struct point turn(struct point p, struct point *to, double by);', {
    arguments: [point, inout(point), 'f64'],
    return: point,
  });
  reads('typedef struct point { double x; double y; } P; P *find(P a, struct point *b, P *const *c)', {
    arguments: [point, inout(point), 'pointer'],
    return: 'pointer',
  });
  reads('typedef struct point P; struct point { double x, y; }; double f(const P *p)', {
    arguments: [pointer(point)],
    return: 'f64',
  });
  reads('typedef struct point *P; struct point { double x, y; }; double f(P p)', {
    arguments: [inout(point)],
    return: 'f64',
  });
  reads(
    `typedef struct { double x, y; } point;
     struct node { struct node *next; char name[16]; unsigned char id[4]; point at; int grid[2][3]; };
     int walk(struct node *first, const struct node *last, struct other *more)`,
    { arguments: [inout(node), pointer(node), 'pointer'], return: 'i32' },
  );
  reads(
    'struct all { int a, *b, c[2]; int (*call)(int, char *); const char *text; size_t n; enum color { RED = -1, BLUE } color; union { int i; float f; } value; struct { long s; } inner; }; void f(struct all *p)',
    {
      arguments: [
        inout(
          struct({
            a: 'i32',
            b: 'pointer',
            c: array('i32', 2),
            call: 'pointer',
            text: 'pointer',
            n: 'size',
            color: 'i32',
            value: union({ i: 'i32', f: 'f32' }),
            inner: struct({ s: 'i64' }),
          }),
        ),
      ],
      return: 'void',
    },
  );
  reads('union value { int i; float f; }; int put(const union value *v)', {
    arguments: [pointer(either)],
    return: 'i32',
  });
  reads('enum color { RED = 1, GREEN }; struct later; int f(enum color c, struct later *p)', {
    arguments: ['i32', 'pointer'],
    return: 'i32',
  });
  reads('#pragma pack(push, 1)\nstruct p { char a; int b; };\n#pragma pack(pop)\nint f(const struct p *p)', {
    arguments: [pointer(struct({ a: 'char', b: 'i32' }, { pack: 1 }))],
    return: 'i32',
  });
  reads('struct __attribute__((packed)) p { char a; int b; }; int f(const struct p *p)', {
    arguments: [pointer(struct({ a: 'char', b: 'i32' }, { pack: 1 }))],
    return: 'i32',
  });
  reads('typedef struct { char a; } __attribute__((aligned(8))) p; int f(const p *p)', {
    arguments: [pointer(struct({ a: 'char' }, { align: 8 }))],
    return: 'i32',
  });
  reads(
    'struct point { double x, y; }; int f(const struct point all[], struct point to[], struct point two[2])',
    {
      arguments: [pointer(array(point)), inout(array(point)), inout(point)],
      return: 'i32',
    },
  );
  readsBeside(
    'int poll(struct pollfd fds[], struct point p[], unsigned long count)',
    { structs: { pollfd: all, point } },
    { arguments: [inout(all), inout(array(point)), 'u64'], return: 'i32' },
  );
  reads('struct flags { unsigned a : 3, b : 5; }; int f(int x)', { arguments: ['i32'], return: 'i32' });
  reads('struct point { double x, y; } make(void)', { arguments: [], return: point });
  readsBeside(
    'struct point { double x, y; }; int f(struct point *p, struct point *q)',
    { out: ['p'] },
    { arguments: [out(point), inout(point)], return: 'i32' },
  );
  readsBeside(
    'struct point { double x, y; }; int f(struct point *p)',
    { structs: { point: timeval } },
    { arguments: [inout(timeval)], return: 'i32' },
  );
  readsBeside(
    'struct point { double x, y; }; int f(int n, ...)',
    { variadic: ['const struct point *'] },
    // TypeScript does not look up what one text defines in another.
    { arguments: ['i32'], return: 'i32', variadic: [pointer(point)] } as never,
  );
});

describe('prototypes: a variable number of arguments (B14, B15)', () => {
  readsBeside(
    'int printf(const char *format, ...)',
    { variadic: ['int', 'double', 'const char *', 'unsigned long', 'void *', 'size_t', 'char'] },
    {
      arguments: ['cstring'],
      return: 'i32',
      variadic: ['i32', 'double', 'cstring', 'u64', bytes, 'size', 'char'],
    },
  );
  readsBeside(
    'int sscanf(const char *text, const char *format, ...)',
    { variadic: [out('i32'), 'pointer', 'f64'] },
    { arguments: ['cstring', 'cstring'], return: 'i32', variadic: [out('i32'), 'pointer', 'f64'] },
  );
  readsBeside(
    'int ioctl(int fd, unsigned long request, ...)',
    { structs: { timeval }, variadic: ['const struct timeval *'] },
    { arguments: ['i32', 'u64'], return: 'i32', variadic: [pointer(timeval)] },
  );
  readsBeside(
    'int open(const char *, int, ...)',
    { variadic: [] },
    { arguments: ['cstring', 'i32'], return: 'i32', variadic: [] },
  );
});

describe('prototypes: the name in the library (B14)', () => {
  for (const [source, symbol] of [
    ['int f(int a)', 'f'],
    ['int f(int a) __asm__("g");', 'g'],
    ['int f(int a) __attribute__((cold)) asm("g") __attribute__((hot))', 'g'],
    ['extern int scan(char *text) __asm__ ("" "__isoc99_scan")', '__isoc99_scan'],
    ['int (int)', undefined],
    ['int (int) __asm__("g")', 'g'],
    ['ZEXTERN int ZEXPORT inflateEnd OF((void *strm));', 'inflateEnd'],
    ['CURL_EXTERN int CURL_DEPRECATED(7.56.0, "") curl_formget(void *form)', 'curl_formget'],
    ['extern int abs (int) __THROW __asm__ ("labs") __wur;', 'labs'],
  ] as const) {
    it(source, () => {
      const label = process.platform === 'darwin' ? symbol?.replace(/^_/, '') : symbol;
      expect(fromPrototype(new Place('lib', 'f'), source, new Map()).get('symbol')).to.equal(label);
    });
  }
});
