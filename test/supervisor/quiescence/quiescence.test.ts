/** B6: the gate of an engine whose tables have no lock: work runs only while nothing is in flight. */
import { expect } from 'chai';
import fc from 'fast-check';
import { EngineError } from '../../../src/errors.js';
import { Quiescence, type QuietMember } from '../../../src/supervisor/quiescence/quiescence.js';

class FakePool implements QuietMember {
  inFlight = 0;
  resumed = 0;
  quiet(): boolean {
    return this.inFlight === 0;
  }
  obstacle(): string {
    return `${this.inFlight} calls are running`;
  }
  resume(): void {
    this.resumed += 1;
  }
}

function gateWith(count: number): { gate: Quiescence; pools: FakePool[] } {
  const gate = new Quiescence();
  const pools = Array.from({ length: count }, () => new FakePool());
  for (const pool of pools) gate.join(pool);
  return { gate, pools };
}

describe('Quiescence', () => {
  it('runs the work at once where it is quiet, and calls go on', async () => {
    const { gate, pools } = gateWith(2);
    let ran = false;
    const result = gate.whenQuiet(() => {
      ran = true;
      return 7;
    });
    expect([ran, gate.closed]).to.deep.equal([true, false]);
    expect(await result).to.equal(7);
    expect(pools.map(({ resumed }) => resumed)).to.deep.equal([1, 1]);
  });

  it('never runs work while anything is in flight, and always does in the end, in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ pool: fc.nat(2), what: fc.constantFrom('start', 'end', 'open', 'look') }), {
          maxLength: 40,
        }),
        async (steps) => {
          const { gate, pools } = gateWith(3);
          const ran: number[] = [];
          const opened: Promise<number>[] = [];
          for (const { pool: at, what } of steps) {
            const pool = pools[at] as FakePool;
            // A closed gate lets no call start: that is what its members ask.
            if (what === 'start' && !gate.closed) pool.inFlight += 1;
            else if (what === 'end' && pool.inFlight > 0) pool.inFlight -= 1;
            else if (what === 'look') gate.look();
            else if (what === 'open') {
              const number = opened.length;
              opened.push(
                gate.whenQuiet(() => {
                  expect(pools.every((one) => one.quiet())).to.equal(true);
                  ran.push(number);
                  return number;
                }),
              );
            }
          }
          for (const pool of pools) pool.inFlight = 0;
          // Nobody looks: the gate does so by itself.
          expect(await Promise.all(opened)).to.deep.equal(opened.map((_, number) => number));
          expect(ran).to.deep.equal(opened.map((_, number) => number));
          expect(gate.closed).to.equal(false);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('gives up after a while, says what was in the way, and lets calls go on', async () => {
    const { gate, pools } = gateWith(2);
    (pools[1] as FakePool).inFlight = 3;
    const error = await gate
      .whenQuiet(() => 1, 10)
      .then(
        () => null,
        (reason: unknown) => reason,
      );
    expect(error).to.be.instanceOf(EngineError);
    expect((error as EngineError).code).to.equal('OFFTHREAD_ENGINE_BUSY');
    expect((error as EngineError).message).to.contain('3 calls are running');
    expect(gate.closed).to.equal(false);
    expect(pools.map(({ resumed }) => resumed)).to.deep.equal([1, 1]);
  });

  it('one that waits longer outlives one that gave up', async () => {
    const { gate, pools } = gateWith(1);
    const [pool] = pools as [FakePool];
    pool.inFlight = 1;
    const patient = gate.whenQuiet(() => 'done');
    const hasty = await gate.whenQuiet(() => 'never', 5).then(String, () => 'gave up');
    expect([hasty, gate.closed, pool.resumed]).to.deep.equal(['gave up', true, 0]);
    pool.inFlight = 0;
    expect(await patient).to.equal('done');
  });

  it('work that throws rejects its own promise only', async () => {
    const { gate } = gateWith(1);
    const thrown = new Error('no such library');
    const [bad, good] = await Promise.allSettled([
      gate.whenQuiet(() => {
        throw thrown;
      }),
      gate.whenQuiet(() => 2),
    ]);
    expect(bad).to.deep.include({ status: 'rejected', reason: thrown });
    expect(good).to.deep.include({ status: 'fulfilled', value: 2 });
  });

  it('a pool that left is not waited for', async () => {
    const { gate, pools } = gateWith(2);
    const [stuck] = pools as [FakePool, FakePool];
    stuck.inFlight = 1;
    const opened = gate.whenQuiet(() => 1);
    gate.leave(stuck);
    expect(await opened).to.equal(1);
  });
});
