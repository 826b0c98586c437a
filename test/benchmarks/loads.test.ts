import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { callers } from '../../benchmarks/harness/measure/callers.js';
import { Company, flood, offered } from '../../benchmarks/harness/measure/latencies.js';
import { timed } from '../../benchmarks/harness/measure/many.js';
import { type Rated, fastest, isPeer, rateRows } from '../../benchmarks/harness/measure/throughput.js';

describe('benchmarks: loads', () => {
  const add = async (a: number, b: number): Promise<number> => a + b;

  it('makes every call of every caller, and counts wrong results', async () => {
    const seen: string[] = [];
    const call = async (a: number, b: number): Promise<number> => {
      seen.push(`${a},${b}`);
      return a === 1 && b === 2 ? 0 : a + b;
    };
    expect(await callers(call, (a, b) => a + b, 3, 2)).to.equal(1);
    expect(seen.toSorted()).to.deep.equal(['0,0', '0,1', '0,2', '1,0', '1,1', '1,2']);
  });

  it('never has more calls under way than the flood has callers', async () => {
    let underWay = 0;
    let most = 0;
    const slow = async (a: number, b: number): Promise<number> => {
      underWay += 1;
      most = Math.max(most, underWay);
      await sleep(1);
      underWay -= 1;
      return a + b;
    };
    const taken = await flood(slow, 5, 30);
    expect(most).to.equal(5);
    expect(taken.length).to.be.at.least(5);
    expect(taken.every((ms) => ms > 0)).to.equal(true);
  });

  it('offers what is due, however long the answers take', async () => {
    const late = async (a: number, b: number): Promise<number> => {
      await sleep(60);
      return a + b;
    };
    const taken = await offered(late, 1_000, 50);
    // What is due at the last tick before the end, which a busy machine may move.
    expect(taken.length).to.be.within(1, 50);
    expect(Math.min(...taken)).to.be.at.least(50);
  });

  it('refuses wrong results', async () => {
    const wrong = async (): Promise<number> => -1;
    const refused = (load: Promise<unknown>): Promise<boolean> =>
      load.then(
        () => false,
        () => true,
      );
    expect(await refused(flood(wrong, 2, 5))).to.equal(true);
    expect(await refused(timed(1, wrong, (sum) => sum === 1))).to.equal(true);
    expect(
      await timed(
        1,
        () => add(0, 1),
        (sum) => sum === 1,
      ),
    ).to.be.above(0);
  });

  it('keeps company until it is told to stop', async () => {
    let calls = 0;
    const company = new Company(async () => {
      await sleep(1);
      calls += 1;
    }, 2);
    await sleep(20);
    const made = await company.stop();
    expect(made).to.equal(calls);
    await sleep(5);
    expect(calls).to.equal(made);
  });

  it('compares with the best peer, and not with the limit', () => {
    const rated = (name: string, ours: boolean, limit: boolean, rates: number[]): Rated => ({
      name,
      ours,
      limit,
      ffi: 'koffi',
      rates,
    });
    const all = [
      rated('peer', false, false, [10, 20]),
      rated('better peer', false, false, [20, 40]),
      rated('limit', false, true, [1_000, 1_000]),
      rated('ours', true, false, [200, 200]),
    ];
    expect(fastest(all, isPeer)?.name).to.equal('better peer');
    expect(rateRows(all).map((row) => [row['contestant'], row['calls/s'], row['x best peer']])).to.deep.equal(
      [
        ['limit', 1_000, 37.5],
        ['ours', 200, 7.5],
        ['better peer', 30, 1],
        ['peer', 15, 0.5],
      ],
    );
    expect(rateRows(all.slice(2), 'items/s')[0]).to.deep.equal({
      contestant: 'limit',
      'items/s': 1_000,
      least: 1_000,
      most: 1_000,
    });
  });
});
