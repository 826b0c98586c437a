/** B14: what a declaration says, for programs that get declarations from their users. */
import { expect } from 'chai';
import { DeclarationError, callback, describeFunction } from 'offthread';

describe('describeFunction', () => {
  it('tells the parameters of a prototype by name and kind, and the result', () => {
    const { symbol, parameters, returns } = describeFunction({
      prototype:
        'int f(const char *t, double *d, const void *b, char *w, unsigned long *n, void *, int (*c)(int))',
      out: ['d'],
      inout: ['n'],
    });
    expect({ symbol, returns }).to.deep.equal({ symbol: 'f', returns: 'i32' });
    expect(
      parameters.map(({ name, kind, type, given, changes }) => [name, kind, type, given, changes]),
    ).to.deep.equal([
      ['t', 'cstring', 'cstring', true, false],
      ['d', 'out', 'f64', false, true],
      ['b', 'buffer', undefined, true, false],
      ['w', 'buffer', undefined, true, true],
      ['n', 'inout', 'u64', true, true],
      ['', 'buffer', undefined, true, true],
      ['c', 'callback', undefined, true, false],
    ]);
  });

  it('reads every form of a declaration, and takes the given name where it has none', () => {
    const declared = {
      arguments: ['i32', 'cancelFlag', callback({ arguments: [], return: 'void' })],
      return: 'void',
    };
    const { symbol, parameters, returns } = describeFunction(declared, 'g');
    expect({ symbol, returns }).to.deep.equal({ symbol: 'g', returns: 'void' });
    expect(parameters.map(({ name, kind, given }) => [name, kind, given])).to.deep.equal([
      ['', 'value', true],
      ['', 'special', false],
      ['', 'callback', true],
    ]);
    expect(describeFunction('const char *(int)').returns).to.equal('cstring');
  });

  it('has the errors of open', () => {
    expect(() => describeFunction('int f(int')).to.throw(DeclarationError, '^');
    expect(() => describeFunction({ arguments: ['int'], return: 'i32' }, 'f')).to.throw(
      DeclarationError,
      'i32',
    );
  });
});
