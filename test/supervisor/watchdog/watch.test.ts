/** M5: one timer for everything that is due, early for nothing, never too late, and never what keeps a process alive. */
import { expect } from 'chai';
import fc from 'fast-check';
import { LONGEST_MS } from '../../../src/options/checks.js';
import { Watch } from '../../../src/supervisor/watchdog/watch.js';
import { wait } from '../../helpers/waiting.js';

describe('Watch (M5)', () => {
  it('the next look is the earliest that anybody asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1_000_000, max: 2_000_000 }), { minLength: 1 }), (times) => {
        const watch = new Watch(() => Infinity);
        for (const time of times) watch.by(time);
        expect(watch.due).to.equal(Math.min(...times));
        watch.stop();
        expect(watch.due).to.equal(Infinity);
      }),
    );
  });

  it('looks at the time, not before, and again when the look says so', async () => {
    const looks: number[] = [];
    const done = new Promise<void>((resolve) => {
      const start = performance.now();
      const watch = new Watch((now) => {
        looks.push(now - start);
        if (looks.length < 3) return now + 5;
        resolve();
        return Infinity;
      });
      watch.by(start + 30);
      watch.by(start + 10);
      watch.by(start + 20);
    });
    const keepAlive = setTimeout(() => {}, 5_000);
    await done;
    clearTimeout(keepAlive);
    expect(looks[0]).to.be.at.least(10);
    expect((looks[1] as number) - (looks[0] as number)).to.be.at.least(5);
    await wait(30);
    expect(looks).to.have.length(3);
  });

  it('what is asked for during a look is kept, if it is earlier than what the look answers', () => {
    const watch: Watch = new Watch((now) => {
      watch.by(now + 1_000);
      return now + 5_000;
    });
    const before = performance.now();
    watch.look();
    expect(watch.due).to.be.within(before + 1_000, performance.now() + 1_000);
    watch.stop();
  });

  it('a look by hand takes the place of the timer', async () => {
    let looks = 0;
    const watch = new Watch(() => {
      looks += 1;
      return Infinity;
    });
    watch.by(performance.now() + 5);
    watch.look();
    expect([looks, watch.due]).to.deep.equal([1, Infinity]);
    await wait(15);
    expect(looks).to.equal(1);
  });

  it('times beyond what a timer takes are waited for in steps, not at once', async () => {
    let looks = 0;
    const watch = new Watch(() => {
      looks += 1;
      return Infinity;
    });
    for (const ms of [LONGEST_MS + 1, LONGEST_MS * 10, 8.64e15]) watch.by(performance.now() + ms);
    await wait(10);
    expect(looks).to.equal(0);
    watch.stop();
  });

  it('keeps no process alive', () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const watch = new Watch(() => Infinity);
    watch.by(performance.now() + 60_000);
    expect(timers()).to.equal(before);
    watch.stop();
  });
});
