/** Whether a function is thread-safe: planted faults are found, with a program that shows them, and no clean one is (B8, B16). */
import { expect } from 'chai';
import { checkThreadSafety } from '../../../../src/cli/stress/safety/check-thread-safety.js';
import type { SafetyRequest } from '../../../../src/cli/stress/safety/safety-check.js';
import type { ThreadSafetyVerdict } from '../../../../src/cli/stress/verdict-types.js';
import { sample, slow } from '../../../helpers/fast-run.js';
import { numbers, targetIn, unending } from '../../../helpers/verdictlib.js';

/** On a machine that does other things, a check takes several times as long. */
const GUARD_MS = 120_000;

function check(
  prototype: string,
  items: SafetyRequest['items'],
  more: Partial<SafetyRequest> = {},
): Promise<ThreadSafetyVerdict> {
  return checkThreadSafety({
    target: targetIn(prototype),
    items,
    ignored: new Set(),
    compareWith: null,
    sequence: 1,
    signal: unending,
    lanes: 4,
    durationMs: 3_000,
    seed: 7,
    folder: null,
    ...more,
  });
}

const hex = (count: number): readonly (readonly unknown[])[] =>
  numbers(count).map(([n]) => [n, Buffer.alloc(8)]);

/** Sequences of three calls: the first names the text, or begins the sum. */
const WORDS = ['one two three', 'red green blue', 'a bb ccc'].flatMap((text) => [
  [Buffer.from(`${text}\0`)],
  [null],
  [null],
]);
const SUMS = [1, 20, 300].flatMap((number) => [[null], [int32(number)], [int32(number)]]);

function int32(number: number): Buffer {
  return Buffer.from(Int32Array.of(number).buffer);
}

/** A finding is small, and its program shows it where there is a compiler. */
function expectUnsafe(verdict: ThreadSafetyVerdict, symptom: ThreadSafetyVerdict['symptom']): void {
  expect(verdict.verdict, verdict.reason).to.equal('unsafe');
  expect(verdict.symptom).to.equal(symptom);
  expect(verdict.scenario?.length, JSON.stringify(verdict.scenario)).to.equal(2);
  expect(verdict.failures?.failed).to.be.at.least(1);
  expect(verdict.reproducer?.proof, verdict.reproducer?.why).to.equal('shown');
}

describe('the verdict on thread safety', function () {
  this.timeout(GUARD_MS);

  describe('on planted faults', function () {
    // A race is found by chance: on a busy machine, one check of a few seconds may miss it, or its program may.
    this.retries(2);

    const FAULTS = [
      [
        'a static buffer whose text is returned',
        'const char *vl_static_text(int32_t n)',
        numbers(16),
        'different-result',
      ],
      ['a crash only when calls overlap', 'int32_t vl_no_overlap(int32_t n)', numbers(16), 'crash'],
      [
        'a static buffer inside',
        'void vl_static_scratch(uint32_t n, char *hex)',
        hex(16),
        'different-result',
      ],
      ['a lost update', 'int32_t vl_ticket()', [[]], 'different-result'],
      ['two locks in both orders', 'int32_t vl_transfer(int32_t amount)', numbers(16), 'deadlock'],
    ] as const;
    for (const [name, prototype, items, symptom] of sample(FAULTS, 2)) {
      it(`is unsafe, with a C program for proof, for ${name}`, async () => {
        expectUnsafe(await check(prototype, items), symptom);
      });
    }
  });

  describe('on planted faults, where there is no compiler', function () {
    this.retries(2);
    const compiler = process.env['CC'];
    before(() => {
      process.env['CC'] = 'no-such-compiler';
    });
    after(() => {
      if (compiler === undefined) delete process.env['CC'];
      else process.env['CC'] = compiler;
    });

    const FAULTS = [
      ['a static buffer inside', 'void vl_static_scratch(uint32_t n, char *hex)', hex(16), {}],
      ['a text that calls share', 'const char *vl_word(char *text)', WORDS, { sequence: 3 }],
      ['a lost update', 'int32_t vl_ticket()', [[]], {}],
      ['a sum that calls share', 'int64_t vl_sum(const int32_t *number)', SUMS, { sequence: 3 }],
    ] as const;
    for (const [name, prototype, items, more] of sample(FAULTS, 2)) {
      it(`is unsafe for ${name}, and the program is not run`, async () => {
        const verdict = await check(prototype, items, more);
        expect(verdict.verdict, verdict.reason).to.equal('unsafe');
        expect(verdict.reproducer?.proof).to.equal('not-run');
        expect(verdict.reproducer?.why).to.match(/no C compiler/);
      });
    }
  });

  describe('on calls that belong together', function () {
    this.retries(2);
    const PAIRS = [
      ['a text', WORDS, 'const char *vl_word(char *text)', 'const char *vl_thread_word(char *text)'],
      [
        'a sum',
        SUMS,
        'int64_t vl_sum(const int32_t *number)',
        'int64_t vl_thread_sum(const int32_t *number)',
      ],
    ] as const;
    for (const [name, items, shared, own] of sample(PAIRS, 1)) {
      it(`is unsafe where all threads share ${name}, with a C program for proof`, async () => {
        const verdict = await check(shared, items, { sequence: 3 });
        expect(verdict.verdict, verdict.reason).to.equal('unsafe');
        expect(verdict.reproducer?.proof, verdict.reproducer?.why).to.equal('shown');
        // Two threads with three calls each.
        expect(verdict.scenario).to.have.length(6);
        expect(verdict.sequence).to.equal(3);
      });

      it(`finds no race where each thread has ${name} of its own`, async () => {
        const { verdict, reason } = await check(own, items, { sequence: 3 });
        expect(verdict, reason).to.equal('no-race-found');
      });
    }
  });

  it('is undecided when it is interrupted', async () => {
    const stop = new AbortController();
    const steps: string[] = [];
    const { verdict, reason } = await check('int32_t vl_atomic_ticket()', [[]], {
      durationMs: 60_000,
      signal: stop.signal,
      onStep: (step) => {
        steps.push(step);
        // Amid the calls in lanes; the first step is the program.
        if (steps.length === 2) setTimeout(() => stop.abort(), 100);
      },
    });
    expect(verdict, reason).to.equal('undecided');
    expect(reason).to.match(/interrupted/);
  });

  const CLEAN = [
    ['a buffer of each thread', 'const char *vl_thread_text(int32_t n)', numbers(16)],
    ['a counter that is atomic', 'int32_t vl_atomic_ticket()', [[]]],
    ['a buffer on the stack', 'void vl_stack_scratch(uint32_t n, char *hex)', hex(16)],
    ['locks in one order', 'int32_t vl_ordered_transfer(int32_t amount)', numbers(16)],
  ] as const;
  for (const [name, prototype, items] of sample(CLEAN, 1)) {
    it(`finds no race for ${name}`, async () => {
      const { verdict, reason, calls } = await check(prototype, items);
      expect(verdict, reason).to.equal('no-race-found');
      expect(calls).to.be.above(1_000);
    });
  }

  for (const [name, prototype] of sample(
    [
      ['random numbers', 'uint32_t vl_random()'],
      ['a clock', 'int64_t vl_clock()'],
      ['a count of the calls of each thread', 'int32_t vl_thread_count()'],
    ] as const,
    1,
  )) {
    it(`is not comparable for ${name}`, async () => {
      const { verdict, reason } = await check(prototype, [[]]);
      expect(verdict, reason).to.equal('not-comparable');
      expect(reason).to.match(/differ from run to run/);
    });
  }

  slow('leaves out what is to be ignored', async () => {
    const items = [[0, Buffer.alloc(8)]];
    const target = targetIn('void *memcpy(void *to, const void *from, size_t n)', 'libc.so.6');
    const copied = [[Buffer.alloc(8), Buffer.from('12345678'), 8n]];
    // The address that it returns is that of the memory of each call.
    const plain = await checkThreadSafety({ ...request(items), target, items: copied });
    expect(plain.verdict).to.equal('not-comparable');
    const ignoring = await checkThreadSafety({
      ...request(items),
      target,
      items: copied,
      ignored: new Set([-1]),
    });
    expect(ignoring.verdict, ignoring.reason).to.equal('no-race-found');
  });

  slow('does not blame threads for a crash that comes without them', async () => {
    const { verdict, reason } = await check('int32_t vl_crash_rarely(int32_t n)', [[4242], [1]]);
    expect(verdict).to.equal('not-comparable');
    expect(reason).to.match(/SIGSEGV also when calls are made one after the other/);
  });
});

function request(items: SafetyRequest['items']): SafetyRequest {
  return {
    target: targetIn('int32_t vl_overlap(int32_t n)'),
    items,
    ignored: new Set(),
    compareWith: null,
    sequence: 1,
    signal: unending,
    lanes: 4,
    durationMs: 3_000,
    seed: 7,
    folder: null,
  };
}
