import { expect } from 'chai';
import { callback, chunks, out } from '../../../src/declare/language/wrappers.js';
import { compileOne, refusal, taking } from '../fixture.js';

/** Declared with what no type allows. */
const cb = (types: unknown, returns: unknown, options?: unknown): unknown =>
  taking('i32', callback({ arguments: types, return: returns } as never, options as never));
const ch = (types: unknown, returns: unknown, options?: unknown): unknown =>
  taking('i32', chunks({ arguments: types, return: returns } as never, options as never));
const plain = chunks({ arguments: ['i32'], return: 'i32' });
const handing = (key: string, index: number): unknown =>
  compileOne({
    arguments: ['cancelProbe', plain, callback({ arguments: [], return: 'void' })],
    return: 'i32',
    fails: 'nonzero',
    [key]: { symbol: 's', arguments: [index] },
  });

/** What is written, and what the message must say. */
const REFUSED: readonly (readonly [string, () => unknown, RegExp])[] = [
  // The wrappers.
  ['the wrapper itself', () => taking(callback), /is a function\..*declared with callback\(\)/],
  ['a function in place of callback()', () => taking(() => 1), /declared with callback\(\), and passed/],
  ['no signature', () => taking(callback(undefined as never)), /callback\(\), signature is undefined\. Exp/],
  ['a word as signature', () => taking(chunks('i32' as never)), /chunks\(\), signature is 'i32'/],
  [
    'a signature with an unknown key',
    () => taking(callback({ arguments: [], returns: 'i32' } as never)),
    /unknown key 'returns'\. Did you mean 'return'\?/,
  ],
  ['a wrapper made by hand', () => taking({ callback: { arguments: [] } }), /unknown key 'arguments'/],
  // Arguments.
  ['no arguments', () => cb(undefined, 'i32'), /arguments\[1\], callback\(\), arguments is missing/],
  ['arguments no list', () => cb('i32', 'i32'), /arguments is 'i32'\. Expected a list/],
  [
    '17 arguments',
    () =>
      cb(
        Array.from({ length: 17 }, () => 'i32'),
        'i32',
      ),
    /arguments has 17 entries\. The limit is 16/,
  ],
  ['an unknown type', () => cb(['i23'], 'i32'), /callback\(\), arguments\[0\] is 'i23', which is not a type/],
  ['a buffer', () => cb(['i32', 'buffer'], 'i32'), /arguments\[1\] is 'buffer'.*Write \{ bytes: n \}/],
  ['a void argument', () => cb(['void'], 'i32'), /'void'.*write arguments: \[\]/],
  [
    'a flag',
    () => cb(['cancelFlag'], 'i32'),
    /'cancelFlag', which is not a valid type for a parameter of a callback/,
  ],
  ['an out', () => cb([out('i32')], 'i32'), /unknown key 'out'/],
  ['a callback in a callback', () => cb([callback({ arguments: [], return: 'void' })], 'i32'), /'callback'/],
  ['an empty object', () => cb([{}], 'i32'), /arguments\[0\] is \{\}\. Allowed/],
  ['two counts', () => cb(['i32', { bytes: 0, pointers: 0 }], 'i32'), /arguments\[1\] is/],
  // Counts.
  ['a count out of range', () => cb([{ bytes: 1 }], 'i32'), /arguments\[0\]\.bytes is 1\..*allowed: 0 to 0/],
  ['a count that is no number', () => cb([{ cstrings: 'n' }], 'i32'), /\.cstrings is 'n'/],
  ['a count of NaN', () => cb([{ pointers: NaN }, 'i32'], 'i32'), /\.pointers is NaN/],
  [
    'its own count',
    () => cb(['i32', { bytes: 1 }], 'i32'),
    /arguments\[1\]\.bytes refers to its own argument/,
  ],
  [
    'a float as count',
    () => cb(['f64', { bytes: 0 }], 'i32'),
    /refers to argument 0, which is 'f64'\..*integer/,
  ],
  ['a bool as count', () => cb(['bool', { bytes: 0 }], 'i32'), /which is 'bool'/],
  ['a pointer as count', () => cb(['pointer', { bytes: 0 }], 'i32'), /which is 'pointer'/],
  ['text as count', () => cb(['cstring', { bytes: 0 }], 'i32'), /which is 'cstring'/],
  ['bytes as count', () => cb([{ bytes: 2 }, { bytes: 0 }, 'i32'], 'i32'), /which is \{ bytes \}/],
  // Return.
  ['no return', () => cb([], undefined), /return is missing\. Write return: 'void'/],
  [
    'return cstring',
    () => cb([], 'cstring'),
    /return is 'cstring'\. Memory returned by a callback could not be released.*'pointer'/,
  ],
  ['return an owned string', () => cb([], { cstring: { free: 'f' } }), /could not be released/],
  ['return a flag', () => cb([], 'progress'), /return is 'progress'\. Allowed: i8/],
  ['return an unknown type', () => cb([], 'int'), /callback\(\), return is 'int'.*Write 'i32'/],
  ['return a number', () => cb([], 5), /return is 5\. Allowed/],
  // Options of both.
  ['options no object', () => cb([], 'i32', null), /callback\(\), options is null\. Expected options/],
  [
    'an unknown option',
    () => cb([], 'i32', { timout: 5 }),
    /unknown key 'timout'\. Did you mean 'timeout'\? Allowed: 'timeout', 'sync'/,
  ],
  ['an option of chunks()', () => cb([], 'i32', { stop: 1 }), /unknown key 'stop'/],
  ['an option of callback()', () => ch([], 'i32', { sync: true }), /unknown key 'sync'/],
  ['bytes no pair', () => cb(['pointer', 'i32'], 'i32', { bytes: 0 }), /bytes is 0\. Expected a pair/],
  [
    'bytes of one index',
    () => cb(['pointer', 'i32'], 'i32', { bytes: [0] }),
    /Expected a pair of argument indices/,
  ],
  ['bytes of three', () => cb(['pointer', 'i32'], 'i32', { bytes: [0, 1, 1] }), /The limit is 2/],
  [
    'bytes of nothing',
    () => ch([], 'i32', { bytes: [0, 1] }),
    /bytes\[0\] is 0\..*the callback has no arguments/,
  ],
  [
    'bytes of text',
    () => ch(['cstring', 'i32'], 'i32', { bytes: [0, 1] }),
    /'cstring'\. Declare it as 'poin/,
  ],
  [
    'bytes twice',
    () => ch([{ bytes: 2 }, 'i32', 'i32'], 'i32', { bytes: [0, 1] }),
    /bytes\[0\] refers to argument 0, which is \{ bytes \}/,
  ],
  ['bytes of itself', () => ch(['pointer'], 'i32', { bytes: [0, 0] }), /bytes\[1\] refers to its own/],
  ['a length that is none', () => ch(['pointer', 'f32'], 'i32', { bytes: [0, 1] }), /bytes\[1\].*'f32'/],
  // Options of callback().
  ['timeout negative', () => cb([], 'i32', { timeout: -1 }), /timeout is -1\. Allowed: a number of mill/],
  ['timeout infinite', () => cb([], 'i32', { timeout: Infinity }), /timeout is Infinity\..*0 is unlimited/],
  ['timeout NaN', () => cb([], 'i32', { timeout: NaN }), /timeout is NaN/],
  ['timeout too long', () => cb([], 'i32', { timeout: 2 ** 31 }), /to 2147483647/],
  ['sync no boolean', () => cb([], 'i32', { sync: 1 }), /sync is 1\. Allowed: true or false/],
  ['sync null', () => cb([], 'i32', { sync: null }), /sync is null/],
  ['fire and forget with a value', () => cb([], 'i32', { fireAndForget: true }), /must wait for the value/],
  [
    'fire and forget with a timeout',
    () => cb([], 'void', { fireAndForget: true, timeout: 5 }),
    /timeout cannot be combined with fireAndForget: true/,
  ],
  [
    'fire and forget with a fallback',
    () => cb([], 'void', { fireAndForget: true, fallback: 5 }),
    /fallback cannot be combined with fireAndForget: true/,
  ],
  ['fallback of void', () => cb([], 'void', { fallback: 0 }), /fallback is set, but return is 'void'/],
  ['fallback out of range', () => cb([], 'u8', { fallback: 256 }), /is 256, but return is 'u8'.*0 to 255/],
  ['fallback no bigint', () => cb([], 'pointer', { fallback: 1 }), /fallback is 1.*write 1n/],
  ['fallback no boolean', () => cb([], 'bool', { fallback: 0 }), /Pass true or false/],
  ['fallback a fraction', () => cb([], 'i32', { fallback: 0.5 }), /has a fraction/],
  ['fallback NULL', () => cb([], 'pointer', { fallback: null }), /NULL is 0n/],
  // Options of chunks().
  ['stop of void', () => ch([], 'void', { stop: 0 }), /stop is set, but return is 'void'/],
  ['proceed of void', () => ch([], 'void', { proceed: 0 }), /proceed is set, but return is 'void'/],
  [
    'stop that does not fit',
    () => ch([], 'i64', { stop: 1.5 }),
    /chunks\(\), stop is 1\.5.*not an exact integer/,
  ],
  [
    'proceed that does not fit',
    () => ch([], 'i32', { proceed: 'go' }),
    /proceed is 'go', but return is 'i32'/,
  ],
  [
    'stop as proceed',
    () => ch([], 'i32', { stop: 1, proceed: 1 }),
    /stop and proceed are both 1\. Set proceed/,
  ],
  [
    'stop as the default',
    () => ch([], 'i32', { stop: 0 }),
    /both 0, the default of proceed\. Set proceed to the value/,
  ],
  ['stop -0', () => ch([], 'f64', { stop: -0 }), /both -0, the default/],
  ['NaN twice', () => ch([], 'f64', { stop: NaN, proceed: NaN }), /both NaN/],
  [
    'stop as the default beside bytes',
    () => ch(['pointer', 'i32'], 'bool', { bytes: [0, 1], stop: false }),
    /both false, the default of proceed/,
  ],
  [
    'length without bytes',
    () => ch([], 'i32', { proceed: 'length' }),
    /no bytes are declared.*bytes: \[addr/,
  ],
  [
    'length as a float',
    () => ch(['pointer', 'i32'], 'f64', { bytes: [0, 1], proceed: 'length' }),
    /proceed is 'length', but return is 'f64'/,
  ],
  [
    'length of void',
    () => ch(['pointer', 'i32'], 'void', { bytes: [0, 1], proceed: 'length' }),
    /proceed is 'length', but return is 'void'/,
  ],
  ['highWaterMark 0', () => ch([], 'i32', { highWaterMark: 0 }), /highWaterMark is 0\..*from 1 to 65536/],
  ['highWaterMark too great', () => ch([], 'i32', { highWaterMark: 65_537 }), /highWaterMark is 65537/],
  ['highWaterMark a fraction', () => ch([], 'i32', { highWaterMark: 1.5 }), /highWaterMark is 1\.5/],
  ['persistent no boolean', () => ch([], 'i32', { persistent: 'yes' }), /persistent is 'yes'/],
  // The whole function.
  ['two chunks', () => taking(plain, plain), /arguments has chunks\(\) more than once\. Only one is allowed/],
  [
    'stream beside chunks',
    () => compileOne({ arguments: [plain], return: 'i32', stream: plain }),
    /stream is combined with a chunks\(\) parameter.*persistent: true/,
  ],
  [
    'stream no chunks()',
    () => compileOne({ arguments: [], return: 'i32', stream: true }),
    /stream is true\. Expected chunks\(\{/,
  ],
  [
    'stream a callback()',
    () => compileOne({ arguments: [], return: 'i32', stream: callback({ arguments: [], return: 'void' }) }),
    /stream has an unknown key 'callback'.*Allowed: 'chunks'/,
  ],
  ['an empty stream', () => compileOne({ arguments: [], return: 'i32', stream: {} }), /stream is \{\}/],
  [
    'a wrong chunks() as stream',
    () => compileOne({ arguments: [], return: 'i32', stream: chunks({ arguments: ['x'] } as never) }),
    /stream, chunks\(\), arguments\[0\] is 'x'/,
  ],
  [
    'a probe handed on',
    () => handing('onCancel', 0),
    /parameter 0, which is 'cancelProbe': a native function/,
  ],
  [
    'chunks handed on',
    () => handing('lastError', 1),
    /lastError.*parameter 1, which is chunks\(\): a native/,
  ],
  ['a callback handed on', () => handing('onCancel', 2), /parameter 2, which is callback\(\)/],
];

describe('wrong callbacks and chunks (M4)', () => {
  for (const [what, run, message] of REFUSED) {
    it(`refuses ${what}`, () => {
      expect(refusal(run)).to.match(message);
    });
  }
});
