import { expect } from 'chai';
import { compileDeclarations } from '../../../src/declare/compile/compile.js';
import { inout, out } from '../../../src/declare/language/wrappers.js';
import { compileOne, refusal, taking } from '../fixture.js';

const returning = (type: unknown, more: object = {}): unknown =>
  compileOne({ arguments: ['pointer', 'buffer', out('i32')], return: type, ...more });
const library = (declarations: unknown): unknown => compileDeclarations('libtest.so', declarations);
const f = { arguments: [], return: 'void' };

/** What is written, and what the message must say. */
const REFUSED: readonly (readonly [string, () => unknown, RegExp])[] = [
  // The object of declarations.
  ['null', () => library(null), /libtest\.so: the value passed is null\. Expected an object/],
  ['an array', () => library([f]), /is \[Array\]/],
  ['a function', () => library(() => f), /Function/],
  ['a Map', () => library(new Map([['f', f]])), /\[Map\]|Map\(1\)/],
  ['a string', () => library('int f(int)'), /'int f\(int\)'/],
  ['a name of the library object', () => library({ close: f }), /'close' is reserved.*symbol: 'close'/],
  [
    'a name that makes it a promise',
    () => library(Object.fromEntries(['then'].map((name) => [name, f]))),
    /'then' is reserved/,
  ],
  ['engine', () => library({ engine: f }), /is reserved/],
  ['path', () => library({ path: f }), /is reserved/],
  ['__proto__', () => library({ ['__proto__']: f }), /is reserved/],
  ['constructor', () => library({ constructor: f }), /is reserved/],
  ['an empty name', () => library({ '': f }), /Expected the name of a function/],
  [
    'a getter that throws',
    () =>
      library({
        get f() {
          throw new Error('gone');
        },
      }),
    /could not be read.*gone/,
  ],
  // One declaration.
  ['no object', () => compileOne(7), /the declaration is 7\. Expected/],
  [
    'unknown key',
    () => compileOne({ ...f, fail: 'null' }),
    /unknown key 'fail'\. Did you mean 'fails'\? Allowed: 'arguments'/,
  ],
  ['a key of another library', () => compileOne({ ...f, parameters: [] }), /Did you mean 'arguments'\?/],
  ['another word for return', () => compileOne({ arguments: [], result: 'i32' }), /Did you mean 'return'\?/],
  ['no arguments', () => compileOne({ return: 'i32' }), /arguments is missing/],
  ['no return', () => compileOne({ arguments: [] }), /return is missing.*'void'/],
  [
    'arguments is no list',
    () => compileOne({ arguments: 'i32', return: 'i32' }),
    /arguments is 'i32'\. Expected a list/,
  ],
  [
    'too many parameters',
    () => taking(...Array.from({ length: 33 }, () => 'i32')),
    /arguments has 33 entries\. The limit is 32/,
  ],
  ['symbol is no string', () => compileOne({ ...f, symbol: 5 }), /symbol is 5/],
  ['symbol with a NUL', () => compileOne({ ...f, symbol: 'a\0b' }), /symbol is 'a\\x00b'/],
  // Types of parameters.
  ['a hole', () => taking(undefined), /arguments\[0\] is undefined/],
  ['void', () => taking('i32', 'void'), /arguments\[1\] is 'void', which is not valid for a parameter/],
  ['a C name', () => taking('size_t'), /'size_t', which is not a type\. Write 'size'/],
  ['a C pointer', () => taking('const char *'), /Write 'cstring'/],
  ['void *', () => taking('void*'), /Write 'pointer'/],
  ['wrong case', () => taking('CString'), /Did you mean 'cstring'/],
  ['a name of Object.prototype', () => taking('constructor'), /'constructor', which is not a type\./],
  [
    'a callback by a word',
    () => taking('function'),
    /'function', which is not a type\. Write callback\(\{ arguments: \[\.\.\.\].*'pointer'/,
  ],
  ['chunks by a word', () => taking('chunks'), /Write chunks\(\{/],
  ['two flags', () => taking('cancelFlag', 'cancelFlag'), /'cancelFlag' more than once/],
  ['two probes', () => taking('cancelProbe', 'cancelProbe'), /'cancelProbe' more than once/],
  ['two progresses', () => taking('progress', 'i32', 'progress'), /'progress' more than once/],
  ['the wrapper itself', () => taking(out), /arguments\[0\] is a function\. Call the wrapper/],
  [
    'an owned string as an argument',
    () => taking({ cstring: { free: 'x' } }),
    /owned cstring.*Write 'cstring'/,
  ],
  ['an empty wrapper', () => taking({}), /arguments\[0\] is/],
  ['a mixed wrapper', () => taking({ out: 'i32', inout: 'i32' }), /Allowed/],
  ['an unknown wrapper', () => taking({ outt: 'i32' }), /unknown key 'outt'\. Did you mean 'out'\?/],
  [
    'out of buffer',
    () => taking(out('buffer' as 'i32')),
    /is not valid for an out parameter\. Write inout\('buffer'\)/,
  ],
  ['out of void', () => taking(out('void' as 'i32')), /'void', which is not valid for an out parameter/],
  ['out of a flag', () => taking(out('cancelFlag' as 'i32')), /is not valid for an out parameter/],
  ['out of out', () => taking(out(out('i32') as never)), /unknown key 'out'/],
  [
    'inout of cstring',
    () => taking(inout('cstring' as 'i32')),
    /is not valid for an inout parameter\. Write inout\('buffer'\)/,
  ],
  [
    'inout of nothing',
    () => taking(inout(undefined as never)),
    /of undefined, which is not valid for an inout parameter/,
  ],
  // Return types.
  ['return buffer', () => returning('buffer'), /return is 'buffer'.*Return 'pointer'/],
  ['return flag', () => returning('cancelFlag'), /only for parameters/],
  [
    'return an unknown type',
    () => returning('doubel'),
    /'doubel', which is not a type\. Did you mean 'double'\?/,
  ],
  ['return a wrapper', () => returning(out('i32')), /unknown key 'out'/],
  ['owned without free', () => returning({ cstring: {} }), /return cstring\.free is undefined/],
  ['owned as a word', () => returning({ cstring: 'free' }), /Expected \{ free: 'symbol' \}/],
  // fails, errno, lastError, onCancel.
  [
    'fails unknown',
    () => returning('i32', { fails: 'nonzro' }),
    /fails is 'nonzro'\. Did you mean 'nonzero'\?/,
  ],
  ['fails true', () => returning('i32', { fails: true }), /fails is true\. Allowed: 'nonzero'/],
  ['fails null on a number', () => returning('i32', { fails: 'null' }), /'i32' is never null/],
  ['fails negative on unsigned', () => returning('u64', { fails: 'negative' }), /'u64' is never negative/],
  ['fails negative on bool', () => returning('bool', { fails: 'negative' }), /'bool' is never negative/],
  ['fails nonzero on text', () => returning('cstring', { fails: 'nonzero' }), /returns a cstring/],
  [
    'fails on void',
    () => returning('void', { fails: 'nonzero' }),
    /no returned value can indicate a failure/,
  ],
  [
    'a predicate on void',
    () => returning('void', { fails: () => true }),
    /no returned value can indicate a failure/,
  ],
  [
    'errno is no boolean',
    () => returning('i32', { errno: 1, fails: 'nonzero' }),
    /errno is 1\. Allowed: true or false/,
  ],
  ['errno without fails', () => returning('i32', { errno: true }), /errno is read only after a failure/],
  ['lastError without fails', () => returning('i32', { lastError: 'x' }), /lastError is read only/],
  ['lastError empty', () => returning('i32', { lastError: '', fails: 'nonzero' }), /lastError is ''/],
  [
    'onCancel as a word',
    () => returning('i32', { onCancel: 'stop' }),
    /onCancel is 'stop'\. Expected \{ symbol/,
  ],
  [
    'onCancel without symbol',
    () => returning('i32', { onCancel: { arguments: [0] } }),
    /onCancel\.symbol is undefined/,
  ],
  [
    'onCancel with an unknown key',
    () => returning('i32', { onCancel: { symbol: 's', args: [0] } }),
    /Did you mean 'arguments'\?/,
  ],
  [
    'onCancel arguments no list',
    () => returning('i32', { onCancel: { symbol: 's', arguments: 0 } }),
    /onCancel\.arguments is 0/,
  ],
  [
    'onCancel out of range',
    () => returning('i32', { onCancel: { symbol: 's', arguments: [0, 3] } }),
    /onCancel\.arguments\[1\] is 3.*0 to 2/,
  ],
  ['onCancel negative', () => returning('i32', { onCancel: { symbol: 's', arguments: [-1] } }), /is -1/],
  ['onCancel fraction', () => returning('i32', { onCancel: { symbol: 's', arguments: [0.5] } }), /is 0\.5/],
  ['onCancel a word', () => returning('i32', { onCancel: { symbol: 's', arguments: ['0'] } }), /is '0'/],
  [
    'onCancel bytes',
    () => returning('i32', { onCancel: { symbol: 's', arguments: [1] } }),
    /parameter 1, which is of kind buffer/,
  ],
  [
    'onCancel an out',
    () => returning('i32', { onCancel: { symbol: 's', arguments: [2] } }),
    /parameter 2, an out parameter, which has no value before/,
  ],
  [
    'onCancel without parameters',
    () => compileOne({ ...f, onCancel: { symbol: 's', arguments: [0] } }),
    /has no parameters/,
  ],
];

describe('wrong declarations (M4)', () => {
  for (const [what, run, message] of REFUSED) {
    it(`refuses ${what}`, () => {
      expect(refusal(run)).to.match(message);
    });
  }
});
