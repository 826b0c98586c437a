/** Generators as streams, and functions of the caller: B4, B13, M20 to M24. */
import { expect } from 'chai';
import { type ModuleLab, errorOf, onEveryLane, sharedModule } from '../../helpers/module-lab.js';
import { until } from '../../helpers/waiting.js';

onEveryLane('modules: generators (B13)', () => {
  const lab: ModuleLab = sharedModule({ lanes: 1 });

  it('sync and async ones stream their values, then their return value', async () => {
    const numbers = lab.work.count.stream(300);
    const read: number[] = [];
    for await (const value of numbers) read.push(value);
    expect(read).to.deep.equal(Array.from({ length: 300 }, (_, index) => index));
    expect(await numbers.result).to.equal('counted');
    const words = lab.work.words.stream(100);
    let last = '';
    for await (const { word } of words) last = word;
    expect(last).to.equal('word 99');
    expect(await words.result).to.equal(100);
  });

  for (const name of ['count', 'words'] as const) {
    it(`${name} runs its finally when the reader leaves`, async () => {
      const { ended } = await lab.work.generators();
      for await (const value of lab.work[name].stream(1_000_000_000)) if (value !== undefined) break;
      expect((await lab.work.generators()).ended).to.equal(ended + 1);
    });
  }

  it('are not asked for more than the high-water mark while nobody reads', async () => {
    const stream = lab.work.words.with({ highWaterMark: 4 }).stream(1_000_000);
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await until(() => stream.result.state === 'running', 'the start of the call');
    await iterator.return?.();
    // One is read, four are unread, one was asked for when the reader left.
    expect((await lab.work.generators()).pulled).to.be.at.most(6);
  });

  it('give their values to onChunk', async () => {
    const read: number[] = [];
    expect(await lab.work.count.with({ onChunk: (value) => read.push(value) })(5)).to.equal('counted');
    expect(read).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it('without a reader are refused with words', async () => {
    expect((await errorOf(lab.work.count(5))).message).to.include('stream');
  });
});

onEveryLane('modules: functions of the caller (B13)', () => {
  const lab: ModuleLab = sharedModule({ lanes: 1 });

  it('are awaited in the lane, sync and async ones', async () => {
    expect(await lab.work.visit([1, 2, 3], (value) => value * 2)).to.deep.equal([2, 4, 6]);
    expect(await lab.work.visit([1, 2], async (value) => await Promise.resolve(value + 1))).to.deep.equal([
      2, 3,
    ]);
  });

  it('block the lane with sync()', async () => {
    const later = async (value: number): Promise<number> => {
      await new Promise((resolve) => setImmediate(resolve));
      return value * 3;
    };
    expect(await lab.work.visitSync([1, 2, 3], later)).to.deep.equal([3, 6, 9]);
    expect(lab.work.visitSync.blocking([1, 2], (value) => value)).to.deep.equal([1, 2]);
  });

  it('that throw, throw in the lane, with their cause', async () => {
    const caught = await lab.work.catchFrom(() => {
      throw new RangeError('host', { cause: 'why' });
    });
    expect(caught).to.deep.equal({ name: 'RangeError', message: 'host', cause: 'why' });
    const error = await errorOf(lab.work.visit([1], () => Promise.reject(new TypeError('uncaught'))));
    expect((error.cause as Error).message).to.equal('uncaught');
  });

  it('have a time limit', async () => {
    const { visitSync } = lab.work;
    const error = await errorOf(visitSync.with({ hostTimeout: 20 })([1], () => new Promise(() => {})));
    expect((error.cause as Error).message).to.include('20 ms');
  });

  for (const name of ['visit', 'visitSync'] as const) {
    it(`${name} is released when its call is cancelled`, async () => {
      let asked = false;
      const call = lab.work[name]([1], () => {
        asked = true;
        return new Promise(() => {});
      });
      await until(() => asked, 'the request');
      call.cancel();
      expect((await errorOf(call)).kind).to.equal('cancelled');
      expect(await lab.work.add(1, 2)).to.equal(3);
    });
  }

  it('that call into a saturated pool are a deadlock, which is found', async () => {
    const error = await errorOf(lab.work.visit([1], async () => await lab.work.add(1, 2)));
    expect((error.cause as Error).name).to.equal('DeadlockError');
  });
});
