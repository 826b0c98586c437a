import { expect } from 'chai';
import { compileDeclarations } from '../../../src/declare/compile/compile.js';
import { MAX_PARAMETERS } from '../../../src/declare/compile/parameter-list.js';
import { charIsUnsigned } from '../../../src/declare/language/names.js';
import { inout, out } from '../../../src/declare/language/wrappers.js';
import { DeclarationError } from '../../../src/errors.js';
import { compileOne, taking } from '../fixture.js';

describe('compileDeclarations', () => {
  it('fills in everything that was left out', () => {
    expect(compileOne({ arguments: ['i32', 'cstring'], return: 'void' }).spec).to.deep.equal({
      name: 'f',
      symbol: 'f',
      params: [{ kind: 'value', type: 'i32' }, { kind: 'cstring' }],
      returns: { kind: 'void' },
      fails: null,
      errno: false,
      lastError: null,
      onCancel: null,
      stream: null,
    });
  });

  it('keeps the order of the functions', () => {
    const f = { arguments: [], return: 'void' };
    const names = compileDeclarations('l', { b: f, a: f, c: f }).map((fn) => fn.spec.name);
    expect(names).to.deep.equal(['b', 'a', 'c']);
  });

  it('understands every wrapper and special parameter, and which ones the caller gives (M19)', () => {
    const fn = taking(
      'cancelFlag',
      out('i32'),
      'cstring',
      inout('u64'),
      'progress',
      inout('buffer'),
      out('cstring'),
      out({ cstring: { free: 'release' } }),
      'buffer',
    );
    expect(fn.spec.params).to.deep.equal([
      { kind: 'cancelFlag' },
      { kind: 'out', type: 'i32' },
      { kind: 'cstring' },
      { kind: 'inout', type: 'u64' },
      { kind: 'progress' },
      { kind: 'buffer', inout: true },
      { kind: 'outText', text: { free: null } },
      { kind: 'outText', text: { free: 'release' } },
      { kind: 'buffer', inout: false },
    ]);
    expect(fn.callerArguments.positions).to.deep.equal([2, 3, 5, 8]);
  });

  it('understands every alias of node:ffi (B6)', () => {
    const char = charIsUnsigned(process.platform, process.arch) ? 'u8' : 'i8';
    const aliases: Record<string, string> = {
      int8: 'i8',
      uint8: 'u8',
      int16: 'i16',
      uint16: 'u16',
      int32: 'i32',
      uint32: 'u32',
      int64: 'i64',
      uint64: 'u64',
      float: 'f32',
      float32: 'f32',
      double: 'f64',
      float64: 'f64',
      ptr: 'pointer',
      char,
    };
    for (const [alias, type] of Object.entries(aliases)) {
      expect(taking(alias).spec.params, alias).to.deep.equal([{ kind: 'value', type }]);
      expect(taking(out(alias as 'i8')).spec.params, alias).to.deep.equal([{ kind: 'out', type }]);
      expect(compileOne({ arguments: [], return: alias }).spec.returns).to.deep.equal({
        kind: 'value',
        type,
      });
    }
    for (const alias of ['string', 'str']) {
      expect(taking(alias).spec.params).to.deep.equal([{ kind: 'cstring' }]);
      expect(compileOne({ arguments: [], return: alias }).spec.returns).to.deep.equal({
        kind: 'text',
        text: { free: null },
      });
    }
    expect(taking('arraybuffer').spec.params).to.deep.equal([{ kind: 'buffer', inout: false }]);
  });

  it('knows where C has char unsigned', () => {
    expect(charIsUnsigned('linux', 'arm64')).to.equal(true);
    expect(charIsUnsigned('linux', 'x64')).to.equal(false);
    expect(charIsUnsigned('darwin', 'arm64')).to.equal(false);
  });

  it('understands owned strings as a result', () => {
    const fn = compileOne({ arguments: [], return: { cstring: { free: 'release' } } });
    expect(fn.spec.returns).to.deep.equal({ kind: 'text', text: { free: 'release' } });
  });

  it('understands failure rules, errno and lastError (M32)', () => {
    const { spec, failsPredicate } = compileOne({
      arguments: ['pointer', out('pointer')],
      return: 'i32',
      symbol: 'f_v2',
      fails: 'nonzero',
      errno: true,
      lastError: { symbol: 'message', arguments: [1, 0] },
      onCancel: { symbol: 'interrupt', arguments: [0] },
    });
    expect(spec.symbol).to.equal('f_v2');
    expect(spec.fails).to.equal('nonzero');
    expect(failsPredicate).to.equal(undefined);
    expect(spec.errno).to.equal(true);
    expect(spec.lastError).to.deep.equal({ symbol: 'message', arguments: [1, 0] });
    expect(spec.onCancel).to.deep.equal({ symbol: 'interrupt', arguments: [0] });
  });

  it('takes the short form of lastError', () => {
    const fn = compileOne({ arguments: [], return: 'pointer', fails: 'null', lastError: 'dlerror' });
    expect(fn.spec.lastError).to.deep.equal({ symbol: 'dlerror', arguments: [] });
  });

  it('keeps a predicate on the host, and the spec cloneable', () => {
    const fails = (value: unknown): boolean => value === 7;
    const fn = compileOne({ arguments: [], return: 'i32', fails });
    expect(fn.spec.fails).to.equal('host');
    expect(fn.failsPredicate).to.equal(fails);
    expect(structuredClone(fn.spec)).to.deep.equal(fn.spec);
  });

  it('takes undefined as left out', () => {
    const given = {
      arguments: [],
      return: 'i32',
      fails: undefined,
      errno: undefined,
      symbol: undefined,
      lastError: undefined,
      onCancel: undefined,
      stream: undefined,
    };
    expect(compileOne(given).spec.symbol).to.equal('f');
  });

  it('takes the greatest number of parameters, and null-prototype objects', () => {
    const types = Array.from({ length: MAX_PARAMETERS }, () => 'i32');
    expect(taking(...types).spec.params).to.have.length(32);
    const bare: unknown = Object.assign(Object.create(null), { g: { arguments: [], return: 'void' } });
    expect(compileDeclarations('l', bare)).to.have.length(1);
    expect(compileDeclarations('l', {})).to.deep.equal([]);
  });

  it('names library and function in its errors (M4)', () => {
    expect(() => compileOne({ arguments: ['bufer'], return: 'i32' }))
      .to.throw(
        DeclarationError,
        /libtest\.so, f: arguments\[0\].*'bufer'.*Did you mean 'buffer'\?.*Allowed: i8/,
      )
      .that.includes({ code: 'OFFTHREAD_DECLARATION', kind: 'declaration', symbol: 'f' });
  });
});
