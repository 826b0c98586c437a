/** M35, B12: limits, retries and progress of a batch. */
import { expect } from 'chai';
import { BatchProgress, type RunCounts } from '../../../../src/cli/batch/run/batch-progress.js';
import { failureLimit } from '../../../../src/cli/batch/run/failure-limit.js';
import { retryRules } from '../../../../src/cli/batch/run/retry-rules.js';
import { UsageError } from '../../../../src/cli/console/usage-error.js';

describe('cli: parts of a batch (M35)', () => {
  it('a limit of failures is a number, or a share of the items that have ended', () => {
    const three = failureLimit('3', 'now');
    expect([three.exceeded(3, 4, false), three.exceeded(4, 1_000, false)]).to.deep.equal([false, true]);
    const share = failureLimit('2.5%', 'soon');
    expect(share.exceeded(1, 1, false), 'of a few items').to.equal(false);
    expect(share.exceeded(1, 1, true), 'of all items').to.equal(true);
    expect([share.exceeded(5, 200, false), share.exceeded(6, 200, false)]).to.deep.equal([false, true]);
    expect(failureLimit(undefined, 'soon').exceeded(1e9, 1e9, true)).to.equal(false);
    for (const text of ['', '%', '-1', '101%', 'x', '1.5']) {
      expect(() => failureLimit(text, 'now'), text).to.throw(UsageError, /--max-failures/);
    }
  });

  it('retries are for all errors that may pass, or by their kind', () => {
    expect(retryRules(undefined, '100')).to.equal(undefined);
    expect(retryRules('2', '5')).to.have.all.keys('timeout', 'crash', 'native', 'lost');
    expect(retryRules('timeout=2,crash=0', '5')).to.deep.equal({
      timeout: { attempts: 3, delay: 5, factor: 2, maxDelay: 30_000 },
      crash: { attempts: 1, delay: 5, factor: 2, maxDelay: 30_000 },
    });
    for (const text of ['argument=2', 'timeout=x', 'timeout', '-1']) {
      expect(() => retryRules(text, '5'), text).to.throw(UsageError);
    }
  });

  it('progress has the rate, the failures, and a time left only where it is known', () => {
    let counts: RunCounts = {
      ended: 0,
      endedNow: 0,
      failed: 0,
      retried: 0,
      read: 0,
      readAll: false,
      bytes: 0,
      totalBytes: undefined,
    };
    const start = performance.now();
    const progress = new BatchProgress(() => counts);
    const look = (seconds: number, more: Partial<RunCounts>): ReturnType<BatchProgress['view']> => {
      counts = { ...counts, ...more };
      return progress.view(start + seconds * 1_000 + 1);
    };
    const at = (seconds: number, more: Partial<RunCounts>): string => look(seconds, more).headline;
    expect(at(10, { ended: 1_000, endedNow: 1_000, read: 1_200, bytes: 12_000 })).to.match(
      /^1,000 items · 100\/s · time left unknown: the input has no known length$/,
    );
    expect(
      at(20, {
        ended: 2_000,
        endedNow: 2_000,
        failed: 3,
        retried: 2,
        totalBytes: 120_000,
        bytes: 24_000,
        read: 2_400,
      }),
    ).to.match(/^2,000 items · 100\/s · 3 failed · 2 tried again · about 2 min left$/);
    const last = look(30, { ended: 3_000, endedNow: 3_000, read: 4_000, readAll: true });
    expect(last.headline).to.match(/ · 10 s left$/);
    expect(last.part).to.equal(0.75);
  });
});
