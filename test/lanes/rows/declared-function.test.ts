/** M10: what the host remembers of a function: which calls may wait behind each other. */
import { expect } from 'chai';
import fc from 'fast-check';
import { OffthreadError } from '../../../src/errors.js';
import type { DeclaredFunction } from '../../../src/lanes/rows/declared-function.js';
import { declare } from '../fixture.js';

const f = (): DeclaredFunction => declare({ arguments: [], return: 'void' });
const measured = (...runs: number[]): DeclaredFunction => {
  const fn = f();
  for (const us of runs) fn.measure(us, 0);
  return fn;
};

describe('DeclaredFunction', () => {
  it('is not short until a run has been measured', () => {
    expect(f().short).to.equal(false);
    expect(f().averageUs).to.equal(Infinity);
    expect(measured(2).short).to.equal(true);
    expect(measured(5_000).short).to.equal(false);
  });

  it('one preempted run among short ones is no verdict, and does not spoil the average', () => {
    const fn = measured(...Array.from({ length: 50 }, () => 3), 20_000);
    expect(fn.short).to.equal(true);
    expect(fn.averageUs).to.be.closeTo(3, 0.01);
  });

  it('becomes long when its runs do, and short again', () => {
    const fn = measured(...Array.from({ length: 50 }, () => 3), ...Array.from({ length: 5 }, () => 200));
    expect(fn.short).to.equal(false);
    for (let run = 0; run < 60; run += 1) fn.measure(2, 0);
    expect(fn.short).to.equal(true);
  });

  it('the average stays within what was measured of short runs', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 29, noNaN: true }), { minLength: 1 }), (runs) => {
        const { averageUs } = measured(...runs);
        expect(averageUs).to.be.within(Math.min(...runs) - 1e-9, Math.max(...runs) + 1e-9);
      }),
    );
  });

  it('expects of a run what runs have taken, and less and less once none has been measured for long', () => {
    const fn = f();
    expect(fn.expectedMs(5), 'nothing is known').to.equal(0);
    fn.measure(200_000, 1_000);
    expect(fn.expectedMs(1_000)).to.equal(200);
    expect(fn.expectedMs(2_800), 'a second and four such runs later').to.equal(200);
    expect(fn.expectedMs(4_600)).to.equal(100);
    expect(fn.expectedMs(1_000 + 1_800 * 5)).to.equal(200 / 16);
    fn.measure(200_000, 500_000);
    expect(fn.expectedMs(500_000), 'measured again').to.equal(200);
    expect(fn.amplyMs(500_000), 'all runs took the same').to.equal(200);
    for (let run = 0; run < 200; run += 1) fn.measure(run % 2 === 0 ? 100_000 : 300_000, 500_000);
    expect(fn.amplyMs(500_000), 'twice as far above as runs are on average').to.be.within(370, 430);
    expect(fn.amplyMs(1e9)).to.be.below(1);
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e9, noNaN: true }),
        fc.double({ min: 0, max: 1e7, noNaN: true }),
        (us, age) => {
          const one = f();
          one.measure(us, 0);
          expect(one.expectedMs(age)).to.be.within(0, us / 1_000);
          expect(one.expectedMs(age + 1)).to.be.at.most(one.expectedMs(age));
          // Whatever it was: there is a time after which next to nothing is left of it.
          expect(one.expectedMs(us * 1e4)).to.be.at.most(1);
        },
      ),
    );
  });

  it('takes the word of a run for it when those before are long ago, and an average otherwise', () => {
    const fn = measured(300_000);
    const good = 1_000 + 4 * 300;
    fn.measure(0, 3 * good);
    expect(fn.expectedMs(3 * good), 'a quarter of what was known was believed').to.equal(75);
    expect(fn.amplyMs(3 * good)).to.be.below(300);
    fn.measure(900_000, 1e9);
    expect(fn.expectedMs(1e9)).to.be.closeTo(900, 1e-6);
    expect(fn.amplyMs(1e9), 'nothing is known of how far runs differ').to.be.closeTo(900, 1e-6);
    fn.measure(100_000, 1e9);
    expect(fn.expectedMs(1e9)).to.be.closeTo(800, 1e-6);
  });

  it('knows what its declaration means for the lanes', () => {
    const plain = declare({ arguments: ['i32', 'buffer'], return: 'bool' });
    expect([
      plain.stoppable,
      plain.hasProgress,
      plain.hasOuts,
      plain.copiesBack,
      plain.returnsBool,
    ]).to.deep.equal([false, false, false, false, true]);
    const rich = declare({
      arguments: ['cancelFlag', 'progress', { out: 'i32' }, { inout: 'buffer' }],
      return: 'i32',
    });
    expect([rich.stoppable, rich.hasProgress, rich.hasOuts, rich.copiesBack, rich.returnsBool]).to.deep.equal(
      [true, true, true, true, false],
    );
    const interrupted = declare({
      arguments: ['pointer'],
      return: 'void',
      onCancel: { symbol: 'stop', arguments: [0] },
    });
    expect(interrupted.stoppable).to.equal(true);
  });

  it('refuses calls from the moment it is told to, with a new error each time', () => {
    const fn = f();
    expect(fn.refusal()).to.equal(null);
    fn.refuse(() => new OffthreadError('CODE', 'closed', 'closed'));
    expect(fn.refusal()).to.be.instanceOf(OffthreadError);
    expect(fn.refusal()).to.not.equal(fn.refusal());
  });
});
