/** Which input crashes a function: the smallest one, and a C program that shows it (B8, B16). */
import { expect } from 'chai';
import fc from 'fast-check';
import { describeFunction } from 'offthread';
import { smallestArguments } from '../../../../src/cli/stress/crash/smaller-input.js';
import {
  plainer,
  shorter,
  smallerFloats,
  smallerIntegers,
} from '../../../../src/cli/stress/crash/smaller-values.js';
import { type CrashRequest, smallestCrash } from '../../../../src/cli/stress/crash/smallest-crash.js';
import type { CrashVerdict } from '../../../../src/cli/stress/verdict-types.js';
import { slow } from '../../../helpers/fast-run.js';
import { targetIn, unending } from '../../../helpers/verdictlib.js';

const crash = (
  prototype: string,
  calls: readonly (readonly unknown[])[],
  symptom: CrashVerdict['symptom'] = 'crash',
): Promise<CrashVerdict> =>
  found({
    target: targetIn(prototype),
    calls,
    failures: { failed: 1, runs: 100 },
    symptom,
    timeoutMs: 1_000,
    budgetMs: 40_000,
    signal: unending,
    folder: null,
  });

/** It is found again. */
async function found(request: CrashRequest): Promise<CrashVerdict> {
  const verdict = await smallestCrash(request);
  if (verdict === null) throw new Error('the call did not hang again');
  return verdict;
}

describe('the smallest input that crashes', function () {
  this.timeout(90_000);

  it('has the smallest number, with signal, stderr and a program that was run', async () => {
    const found = await crash('int32_t vl_crash_rarely(int32_t n)', [[1], [123_454_242]]);
    expect(found.input).to.deep.equal([4_242]);
    expect(found).to.include({ symptom: 'crash', signal: 'SIGSEGV', exitCode: null });
    expect(found.stderr).to.equal('vl_crash_rarely: no entry for 4242');
    expect(found.reproducer?.proof, found.reproducer?.why).to.equal('shown');
    expect(found.reproducer?.source).to.contain('function(4242)');
  });

  it('has the shortest text', async () => {
    const found = await crash('int32_t vl_template(const char *text)', [
      ['Dear {name}, your {} is due {soon}'],
    ]);
    expect(found.input[0]).to.match(/^\{\}$/);
    expect(found.signal).to.equal('SIGABRT');
    expect(found.reproducer?.proof, found.reproducer?.why).to.equal('shown');
  });

  slow('has the shortest bytes, and their length', async () => {
    const bytes = Buffer.from('7fffee0102030405060708090a0b0c0d', 'hex');
    const found = await crash('int32_t vl_frame(const uint8_t *bytes, uint32_t length)', [
      [bytes, bytes.length],
    ]);
    expect(found.input[1]).to.equal(4);
    expect((found.input[0] as Buffer).length).to.equal(4);
    expect(found.reproducer?.proof, found.reproducer?.why).to.equal('shown');
  });

  slow('may be one that hangs', async () => {
    const found = await crash('int32_t vl_hang_once(int32_t n)', [[777]], 'hang');
    expect(found).to.include({ symptom: 'hang', signal: null });
    expect(found.input).to.deep.equal([777]);
    expect(found.reproducer?.proof, found.reproducer?.why).to.equal('shown');
  });

  slow('comes with the calls before it that are needed', async () => {
    const calls = [5, -1, 7, -20, 3, -5].map((n) => [n]);
    const found = await crash('int32_t vl_crash_third(int32_t n)', calls);
    expect(found.input).to.deep.equal([-1]);
    expect(found.reproducer?.source.match(/function\(-1\)/g)).to.have.length(3);
    expect(found.reproducer?.proof, found.reproducer?.why).to.equal('shown');
  });
});

describe('smaller values', () => {
  it('are nearer to zero, or positive in place of negative', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n }), (value) => {
        const size = value < 0n ? -value : value;
        for (const one of smallerIntegers(value)) {
          const its = one < 0n ? -one : one;
          expect(its < size || (its === size && one > 0n && value < 0n), `${value} to ${one}`).to.equal(true);
        }
      }),
    );
    fc.assert(
      fc.property(fc.double(), (value) => {
        for (const one of smallerFloats(value)) expect(one).to.not.equal(value);
      }),
    );
  });

  it('are parts of a sequence, and end with a plain one', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 12 }), (list) => {
        for (const one of shorter(list)) expect(one.length).to.be.below(list.length);
        const others = (all: readonly number[]): number => all.filter((item) => item !== 0).length;
        for (const one of plainer(list, 0)) expect(others(one)).to.be.below(others(list));
      }),
    );
  });

  it('lead to the smallest arguments that still fail', async () => {
    const description = describeFunction(
      'int f(const uint8_t *data, size_t length, int mode, const char *name, double x)',
    );
    const failing = (given: readonly unknown[]): boolean => {
      const [data, length, mode, name] = given as [Buffer, bigint | number, number, string, number];
      expect(Number(length)).to.equal(data.length);
      return data.includes(0x2a) && mode % 100 === 7 && name.includes('x');
    };
    const given = [Buffer.from('0102032a05', 'hex'), 5, 70_307, 'fox', 1.25];
    const found = await smallestArguments(
      description,
      given,
      (one) => Promise.resolve(failing(one)),
      () => false,
    );
    expect(found).to.deep.equal([Buffer.from([0x2a]), 1, 7, 'x', 0]);
  });
});
