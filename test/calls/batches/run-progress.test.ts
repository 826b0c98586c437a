/** B12, M35: progress: counts that are right, a rate of the last seconds, and no more is told of the rest than is known. */
import { expect } from 'chai';
import { Progress } from '../../../src/calls/batches/run-progress.js';
import type { ManyProgress } from '../../../src/options/column-options.js';

/** Runs with a clock of the test's. */
function atTimes(test: (advance: (ms: number) => void, clock: () => number) => void): void {
  let time = 1_000;
  test(
    (ms) => (time += ms),
    () => time,
  );
}

function begun(progress: Progress): Progress {
  progress.begin();
  return progress;
}

describe('progress of a run (M35)', () => {
  it('knows neither rate nor the time that is left at first, then both', () => {
    atTimes((advance, clock) => {
      const progress = begun(new Progress(1_000, undefined, () => {}, clock));
      expect(progress.read()).to.deep.equal({
        done: 0,
        failed: 0,
        total: 1_000,
        rate: 0,
        elapsedMs: 0,
        remainingMs: undefined,
      });
      advance(500);
      progress.done = 90;
      progress.failed = 10;
      expect(progress.read()).to.include({ rate: 200, remainingMs: 4_500, elapsedMs: 500 });
      progress.done = 990;
      expect(progress.read().remainingMs).to.equal(0);
    });
  });

  it('follows a run that becomes slower: the last seconds count', () => {
    atTimes((advance, clock) => {
      const progress = begun(new Progress(100_000, undefined, () => {}, clock));
      for (let step = 0; step < 100; step++) {
        advance(100.5);
        progress.done += 100;
        progress.read();
      }
      expect(progress.read().rate).to.be.closeTo(995, 15);
      for (let step = 0; step < 120; step++) {
        advance(100.5);
        progress.done += 1;
        progress.read();
      }
      expect(progress.read().rate).to.be.closeTo(9.95, 0.5);
    });
  });

  it('says nothing of the rest where nobody knows how many there are', () => {
    atTimes((advance, clock) => {
      const progress = begun(new Progress(undefined, undefined, () => {}, clock));
      advance(1_000);
      progress.done = 10;
      expect(progress.read()).to.include({ rate: 10, total: undefined, remainingMs: undefined });
    });
  });

  it('is told ten times a second at most, and at the end', () => {
    atTimes((advance, clock) => {
      const told: ManyProgress[] = [];
      const progress = begun(
        new Progress(
          1_000,
          (now) => told.push(now),
          () => {},
          clock,
        ),
      );
      for (let done = 1; done <= 1_000; done++) {
        advance(1);
        progress.done = done;
        progress.tell();
      }
      progress.tell(true);
      expect(told.length).to.be.within(10, 11);
      expect(told.at(-1)?.done).to.equal(1_000);
    });
  });
});
