/** What a verdict means for the exit code. */
import { expect } from 'chai';
import { exitOfVerdicts } from '../../../src/cli/stress/verdict-exit.js';
import type {
  CrashVerdict,
  LeakVerdict,
  ThreadSafetyVerdict,
} from '../../../src/cli/stress/verdict-types.js';

const SAFETY: ThreadSafetyVerdict = {
  verdict: 'no-race-found',
  reason: '',
  symptom: null,
  calls: 1,
  lanes: 1,
  sequence: 1,
  scenario: null,
  failures: null,
  reproducer: null,
};
const LEAK: LeakVerdict = {
  verdict: 'leaks',
  reason: '',
  bytesPerCall: 48,
  interval: [47, 49],
  calls: 1,
  measure: 'allocator',
};
const CRASH: CrashVerdict = {
  input: [0],
  symptom: 'crash',
  signal: 'SIGSEGV',
  exitCode: null,
  stderr: '',
  failures: { failed: 1, runs: 1 },
  reproducer: null,
};

describe('exit code of verdicts', () => {
  it('is 6 for a bad verdict, 5 for a crash, and 0 for all others', () => {
    expect(exitOfVerdicts({})).to.equal(0);
    expect(exitOfVerdicts({ threadSafety: SAFETY, leak: { ...LEAK, verdict: 'no-leak-found' } })).to.equal(0);
    expect(exitOfVerdicts({ threadSafety: { ...SAFETY, verdict: 'not-comparable' } })).to.equal(0);
    expect(exitOfVerdicts({ threadSafety: { ...SAFETY, verdict: 'unsafe' } })).to.equal(6);
    expect(exitOfVerdicts({ leak: LEAK })).to.equal(6);
    expect(exitOfVerdicts({ leak: LEAK, crash: CRASH })).to.equal(5);
  });
});
