/** M4: whoever copies a type from a C prototype is told what to write, wherever it stands. */
import { expect } from 'chai';
import { callback, inout, out } from '../../../src/declare/language/wrappers.js';
import { compileOne, refusal, taking } from '../fixture.js';

const argument = (type: unknown): string => refusal(() => taking(type));
const returned = (type: unknown): string => refusal(() => compileOne({ arguments: [], return: type }));

describe('types as C writes them (M4)', () => {
  const values: readonly (readonly [c: string, ours: string])[] = [
    ['int', 'i32'],
    ['unsigned', 'u32'],
    ['unsigned int', 'u32'],
    ['const int', 'i32'],
    ['signed char', 'i8'],
    ['unsigned char', 'u8'],
    ['uint8_t', 'u8'],
    ['size_t', 'size'],
    ['ssize_t', 'i64'],
    ['long long', 'i64'],
    ['unsigned long long int', 'u64'],
    ['time_t', 'i64'],
    ['_Bool', 'bool'],
  ];
  for (const [c, ours] of values) {
    it(`'${c}' is '${ours}'`, () => {
      for (const message of [argument(c), returned(c), argument(out(c as 'i32'))]) {
        expect(message).to.include(`is '${c}', which is not a type. Write '${ours}'. Allowed: `);
      }
    });
  }

  it('a long says that it differs on Windows', () => {
    expect(argument('unsigned long')).to.include("Write 'u64' (on Windows a C long is 'u32').");
    expect(argument('long int')).to.include("Write 'i64' (on Windows a C long is 'i32').");
  });

  const wanted: readonly (readonly [what: string, message: () => string, says: string])[] = [
    [
      'a pointer to a value',
      () => argument('int*'),
      "Write out('i32') for one value that native code returns, inout('i32') for one value that it changes, 'buffer' or inout('buffer') for an array, or 'pointer' for an address.",
    ],
    ['a pointer to a value of ours', () => argument('u64 *'), "Write out('u64') for one value"],
    ['an array', () => argument('const double[3]'), "Write out('f64') for one value"],
    [
      'text',
      () => argument('char*'),
      "Write 'cstring' for a string, 'buffer' for bytes, or inout('buffer') for bytes that native code changes.",
    ],
    ['text that stays as it is', () => argument('const char *'), "Write 'cstring' for a string"],
    [
      'an address',
      () => argument('void *'),
      "Write 'pointer' for a handle or an address, 'buffer' for bytes",
    ],
    ['a handle', () => argument('sqlite3 *'), "Write 'pointer' for a handle that the library created"],
    [
      'a struct by its address',
      () => argument('const struct stat *'),
      "Write 'pointer' for a handle that the library created, pointer(type), out(type) or inout(type)",
    ],
    [
      'an address that is given',
      () => argument('sqlite3 **'),
      "Write out('pointer') for an address that native code returns",
    ],
    [
      'a text that is given',
      () => argument('char **'),
      "Write out('cstring') for a string that native code returns",
    ],
    ['a pointer to an enum', () => argument('enum color *'), "Write out('i32') for one value"],
    ['an out of an enum', () => argument(out('enum color' as 'i32')), "A C enum is an int: write 'i32'."],
    [
      'an array of texts',
      () => argument('const char *const *'),
      "'cstrings' for an array of strings that NULL ends",
    ],
    ['a function', () => argument('void (*)(int)'), 'Write callback({ arguments: [...], return'],
    ['a returned text', () => returned('const char *'), "Write 'cstring'."],
    ['a returned address', () => returned('int*'), "Write 'pointer'."],
    [
      'an out of a pointer',
      () => argument(out('int*' as 'i32')),
      "out() already stands for the pointer: write out('i32') for a parameter of that type.",
    ],
    [
      'an inout of a pointer',
      () => argument(inout('size_t*' as 'i32')),
      "inout() already stands for the pointer: write inout('size')",
    ],
    ['an out of a text', () => argument(out('char*' as 'i32')), "Write 'cstring'."],
    ['an out of a handle', () => argument(out('sqlite3*' as 'i32')), "Write out('pointer')."],
    [
      "a callback's text",
      () => argument(callback({ arguments: ['const char *' as 'i32'], return: 'void' })),
      "Write 'cstring'.",
    ],
    [
      "a callback's address",
      () => argument(callback({ arguments: ['void*' as 'i32'], return: 'void' })),
      "Write 'pointer'.",
    ],
    ['an enum', () => argument('enum'), "A C enum is an int: write 'i32'."],
    ['an enum by its name', () => argument('enum colour'), "A C enum is an int: write 'i32'."],
    ['a struct', () => argument('struct'), "Declare it with its fields: struct({ x: 'f64', y: 'f64' })"],
    [
      'a struct by its name',
      () => returned('struct div_t'),
      "or 'pointer' for a handle that the library created",
    ],
    [
      'a long double',
      () => argument('long double'),
      'A C long double is not supported: write a small C function that takes a double',
    ],
    ['a 128-bit integer', () => argument('unsigned __int128'), 'A 128-bit integer is not supported'],
    ['a va_list', () => argument('va_list'), 'A va_list is not supported'],
  ];
  for (const [what, message, says] of wanted) {
    it(`${what} has a way on`, () => {
      expect(message()).to.include(says).and.include('which is not a type').and.not.include('Did you mean');
    });
  }

  it('what is no type of C is still a typing mistake of one of ours', () => {
    expect(argument('pionter')).to.include("Did you mean 'pointer'?");
    expect(argument('%!')).to.not.include('Write').and.not.include('Did you mean');
  });
});
