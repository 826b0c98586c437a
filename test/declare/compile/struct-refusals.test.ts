/** B15: what is refused of structs, unions, arrays and variadic functions, and what the messages say. */
import { expect } from 'chai';
import { array, pointer, struct, union } from '../../../src/declare/language/structs.js';
import { inout, out } from '../../../src/declare/language/wrappers.js';
import { ArgumentError } from '../../../src/errors.js';
import { compileOne, refusal, taking } from '../fixture.js';

const loose = { struct, union, array, pointer, out, inout } as unknown as Readonly<
  Record<'struct' | 'union' | 'array' | 'pointer' | 'out' | 'inout', (...given: unknown[]) => unknown>
>;
const point = struct({ x: 'f64', y: 'f64' });
const value = union({ a: 'i32', b: 'f32' });
const variadic = (types: unknown, fixed: readonly unknown[] = ['cstring']): unknown =>
  compileOne({ arguments: fixed, variadic: types, return: 'i32' });

/** What is written, and what the message must say. */
const REFUSED: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['no fields', () => struct({}), /Declaration of struct: there are no fields/],
  ['a list of fields', () => loose.struct([]), /Expected an object of fields/],
  ['nothing', () => loose.struct(), /the value passed is undefined/],
  [
    'a type of C',
    () => loose.struct({ n: 'int' }),
    /the field n is 'int', which is not a type\. Write 'i32'\./,
  ],
  ['a pointer of C', () => loose.struct({ p: 'char *' }), /the field p .* Write 'pointer' for an address/],
  ['an array of C', () => loose.struct({ p: 'int[4]' }), /array\(type, length\) for an array in the struct/],
  ['a struct of C', () => loose.struct({ p: 'struct timeval' }), /struct\(\{ x: 'f64', y: 'f64' \}\)/],
  ['a typing mistake', () => loose.struct({ p: 'pointr' }), /Did you mean 'pointer'\?/],
  [
    'a string in a field',
    () => loose.struct({ s: 'cstring' }),
    /array\('char', length\) for a string in the struct/,
  ],
  ['bytes in a field', () => loose.struct({ s: 'buffer' }), /array\('u8', length\)/],
  [
    'a parameter that is filled in',
    () => loose.struct({ s: 'progress' }),
    /is 'progress', which is not valid here/,
  ],
  ['void in a field', () => loose.struct({ s: 'void' }), /is 'void', which is not valid here/],
  ['a wrapper in a field', () => loose.struct({ s: out('i32') }), /the field s is .* Allowed: i8/],
  ['no type', () => loose.struct({ s: undefined }), /the field s is undefined/],
  ['a name that is none', () => loose.struct({ 'a b': 'i32' }), /'a b' has no valid name/],
  ['an index', () => loose.struct({ 1: 'i32' }), /'1' has no valid name/],
  ['__proto__', () => loose.struct({ ['__proto__']: 'i32' }), /'__proto__' has no valid name/],
  [
    'an array without a length',
    () => loose.struct({ list: array('i32') }),
    /without a length\. Write its length/,
  ],
  ['an unknown option', () => loose.struct({ a: 'i32' }, { packed: true }), /unknown key 'packed'/],
  ['a wrong option', () => loose.struct({ a: 'i32' }, { pack: 3 }), /pack is 3\. Allowed: 1, 2, 4, 8, 16/],
  ['a length of 0', () => array('i32', 0), /the length is 0\. Expected the number of elements/],
  ['a length that is none', () => loose.array('i32', '4'), /the length is '4'/],
  ['far too many', () => array('i32', 2 ** 40), /takes 4,398,046,511,104 bytes\. The limit is/],
  ['text of any length', () => array('char'), /write 'cstring' or 'buffer'/],
  ['bytes of any length', () => array('u8'), /write 'buffer'/],
  ['an array of nothing', () => loose.array(null, 2), /the type of the elements is null/],
  // Parameters.
  [
    'a union by value',
    () => taking(value),
    /arguments\[0\] is a union\. A union is not passed .* pointer\(type\)/,
  ],
  ['an array by value', () => taking(array('i32', 4)), /arguments\[0\] is an array\./],
  ['a struct with a union by value', () => taking(struct({ value })), /with a union, packing or alignment/],
  ['a packed struct by value', () => taking(struct({ a: 'i32' }, { pack: 1 })), /with a union, packing/],
  [
    'a large struct by value',
    () => taking(struct({ a: array('i32', 2000) })),
    /8000 bytes\. By value, the limit/,
  ],
  ['a returned union', () => compileOne({ arguments: [], return: value }), /return is a union/],
  ['an out of any length', () => taking(loose.out(array('i32'))), /out\(\), is an array without a length/],
  ['a pointer to a scalar', () => taking(loose.pointer('i32')), /pointer\(\), is of 'i32'.*Write 'pointer'/],
  ['a pointer to nothing', () => taking(loose.pointer()), /pointer\(\), is of undefined/],
  [
    'a rule for a struct',
    () => compileOne({ arguments: [], return: point, fails: 'nonzero' }),
    /fails is 'nonzero', but the function returns a struct/,
  ],
  // Variadic functions.
  ['no list', () => variadic('i32'), /variadic is 'i32'\. Expected a list/],
  ['a type of C among them', () => variadic(['int']), /variadic\[0\] is 'int'.*Write 'i32'/],
  ['a struct by value among them', () => variadic([point]), /variadic\[0\] .*pass a pointer/],
  ['no parameter with a name', () => variadic(['i32'], []), /at least one parameter is in front/],
  [
    'too many',
    () => variadic(Array.from({ length: 32 }, () => 'i32')),
    /variadic has 32 entries\. The limit is 31/,
  ],
];

describe('refusals of structs and variadic functions (B15)', () => {
  for (const [title, attempt, text] of REFUSED) {
    it(title, () => {
      expect(refusal(attempt)).to.match(text);
    });
  }

  it('the bytes of a struct', () => {
    const encode = point.encode as (value: unknown, into?: unknown) => Buffer;
    const decode = point.decode as (bytes: unknown, offset?: unknown) => unknown;
    expect(() => encode({ x: 'a' })).to.throw(ArgumentError, "encode: the value.x (f64) is 'a'.");
    expect(() => encode(null)).to.throw(ArgumentError, 'encode: the value (struct) is null.');
    expect(() => encode({}, Buffer.alloc(8))).to.throw(ArgumentError, 'has 8 bytes, but the value takes 16');
    expect(() => encode({}, 'x')).to.throw(ArgumentError, "encode: into is 'x'. Pass a Buffer");
    const kept = Buffer.alloc(16, 7);
    expect(() => encode({ x: 1, y: 'a' }, kept)).to.throw(ArgumentError);
    expect(kept.equals(Buffer.alloc(16, 7))).to.equal(true);
    expect(() => decode(Buffer.alloc(15))).to.throw(
      ArgumentError,
      'would end at byte 16, but there are only 15',
    );
    expect(() => decode(Buffer.alloc(20), 5)).to.throw(ArgumentError, 'would end at byte 21');
    expect(() => decode(Buffer.alloc(20), -1)).to.throw(ArgumentError, 'the offset is -1');
    expect(() => decode('text')).to.throw(ArgumentError, "the memory is 'text'");
    expect(() => struct({ n: 'size' }).decode(Buffer.alloc(8, 255))).to.throw(ArgumentError, 'above 2^53');
  });

  it('text and bytes that do not fit', () => {
    const named = struct({ name: array('char', 4), raw: array('u8', 2) });
    const encode = named.encode as (value: unknown) => Buffer;
    expect(encode({ name: 'abc', raw: [1, 2] })).to.deep.equal(Buffer.from('abc\0\x01\x02', 'latin1'));
    expect(() => encode({ name: 'abcd' })).to.throw(
      ArgumentError,
      "name (char[4]) is 'abcd'. The string takes 4",
    );
    expect(() => encode({ name: 'é€' })).to.throw(ArgumentError, 'takes 5 bytes and a NUL');
    expect(() => encode({ name: 'a\0' })).to.throw(ArgumentError, 'has a NUL');
    expect(() => encode({ name: 1 })).to.throw(ArgumentError, 'Pass a string');
    expect(() => encode({ raw: Buffer.alloc(3) })).to.throw(ArgumentError, 'Pass 2 bytes; these are 3');
    expect(() => encode({ raw: [256, 0] })).to.throw(ArgumentError, 'raw[0] (u8) is 256');
    expect(() => encode({ raw: 'ab' })).to.throw(ArgumentError, 'Pass 2 bytes');
    expect(named.decode(Buffer.from('full\x01\x02'))).to.deep.equal({
      name: 'full',
      raw: Buffer.from([1, 2]),
    });
  });

  it('far too many elements', () => {
    const list = array(struct({ all: array('u8', 2 ** 29) }));
    expect(() => list.encode([{}, {}, {}])).to.throw(ArgumentError, 'has 3 elements, which take more than');
  });

  it('members of a union', () => {
    const encode = value.encode as (value: unknown) => Buffer;
    expect(() => encode({ a: 1, b: 2 })).to.throw(
      ArgumentError,
      'with one member of the union: a, b. This object has 2',
    );
    expect(() => encode({})).to.throw(ArgumentError, 'This object has 0');
    expect(value.decode(encode({ a: 0 }))).to.deep.equal({ a: 0, b: 0 });
  });
});
