/** Whether a function leaks: to the byte, and no cache and no allocator is taken for a leak (B8). */
import { expect } from 'chai';
import { checkLeaks } from '../../../../src/cli/stress/leaks/check-leaks.js';
import { judgeGrowth } from '../../../../src/cli/stress/leaks/leak-statistics.js';
import type { LeakVerdict } from '../../../../src/cli/stress/verdict-types.js';
import { sample } from '../../../helpers/fast-run.js';
import { numbers, targetIn, unending } from '../../../helpers/verdictlib.js';

const check = (prototype: string, options = {}): Promise<LeakVerdict> =>
  checkLeaks({
    target: targetIn(prototype, undefined, options),
    items: numbers(16),
    durationMs: 1_500,
    signal: unending,
  });

/** malloc(48) takes 64 bytes with its header, on 64-bit glibc. */
const BLOCK = 64;

describe('the verdict on leaks', function () {
  this.timeout(60_000);

  const LEAKS = [
    ['48 bytes in every tenth call', 'int32_t vl_leak_tenth(int32_t n)', BLOCK / 10],
    ['a mapping', 'int32_t vl_leak_mapping(int32_t n)', 4_096],
    ['48 bytes a call', 'int32_t vl_leak(int32_t n)', BLOCK],
    ['a text that is not released', 'char *vl_leak_text(int32_t n)', BLOCK],
  ] as const;
  for (const [name, prototype, bytes] of sample(LEAKS, 2)) {
    it(`finds a leak of ${name}, to the byte`, async function () {
      if (process.platform !== 'linux' || process.arch !== 'x64') this.skip();
      const { verdict, reason, bytesPerCall, interval, measure } = await check(prototype);
      expect(verdict, reason).to.equal('leaks');
      expect(bytesPerCall).to.be.closeTo(bytes, bytes / 50);
      expect(interval[0]).to.be.above(0);
      expect(interval[0]).to.be.at.most(bytesPerCall);
      expect(interval[1]).to.be.at.least(bytesPerCall);
      expect(measure).to.equal('allocator');
    });
  }

  const CLEAN = [
    ['a cache with a bound', 'int32_t vl_bounded_cache(int32_t n)', {}],
    ['memory that the allocator keeps', 'int32_t vl_kept(int32_t n)', {}],
    ['memory that is freed', 'int32_t vl_freed(int32_t n)', {}],
    ['a mapping that is removed', 'int32_t vl_unmapped(int32_t n)', {}],
    ['a text that is released', 'char *vl_leak_text(int32_t n)', { owned: 'free' }],
  ] as const;
  for (const [name, prototype, options] of sample(CLEAN, 1)) {
    it(`finds none in ${name}`, async () => {
      const { verdict, reason } = await check(prototype, options);
      expect(verdict, reason).to.equal('no-leak-found');
    });
  }

  it('is undecided when it is interrupted, also for a function that has not leaked', async () => {
    const { verdict, reason } = await checkLeaks({
      target: targetIn('int32_t vl_freed(int32_t n)'),
      items: numbers(16),
      durationMs: 60_000,
      signal: AbortSignal.timeout(1_500),
    });
    expect(verdict, reason).to.equal('undecided');
    expect(reason).to.match(/interrupted after [\d,]+ calls/);
  });

  it('says so when the function crashes', async () => {
    const { verdict, reason } = await checkLeaks({
      target: targetIn('int32_t vl_crash_rarely(int32_t n)'),
      items: [[4242]],
      durationMs: 500,
      signal: unending,
    });
    expect(verdict).to.equal('undecided');
    expect(reason).to.match(/SIGSEGV/);
  });
});

describe('growth of memory', () => {
  const still = Array.from({ length: 40 }, () => 0);
  const least = 0.01;

  it('is a leak when every block of the later half grows', () => {
    const { verdict, bytesPerCall, interval } = judgeGrowth({
      blocks: still.map((_, at) => 6.4 + (at % 3) / 100),
      idle: still,
      least,
    });
    expect(verdict).to.equal('leaks');
    expect(bytesPerCall).to.be.closeTo(6.41, 0.01);
    expect(interval[0]).to.be.within(6.4, 6.41);
  });

  it('is none when it ends before the last quarter', () => {
    for (const end of [2, 10, 20, 28]) {
      const blocks = still.map((_, at) => (at < end ? 48 : 0));
      expect(judgeGrowth({ blocks, idle: still, least }).verdict, String(end)).to.equal('no-leak-found');
    }
  });

  it('is none in what the other function has as well, and in single jumps of JavaScript', () => {
    const noisy = still.map((_, at) => (at % 7 === 3 ? 900 : at % 7 === 5 ? -900 : 0));
    expect(judgeGrowth({ blocks: noisy, idle: noisy, least }).verdict).to.equal('no-leak-found');
    const drifting = still.map(() => 3);
    expect(judgeGrowth({ blocks: drifting, idle: drifting, least }).verdict).to.equal('no-leak-found');
  });

  it('is undecided when it comes in large steps, or when there are few blocks', () => {
    const steps = still.map((_, at) => (at % 8 === 7 ? 500 : 0));
    expect(judgeGrowth({ blocks: steps, idle: still, least }).verdict).to.equal('undecided');
    expect(judgeGrowth({ blocks: [48, 48, 48], idle: [0, 0, 0], least }).verdict).to.equal('undecided');
  });
});
