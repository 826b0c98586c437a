/** M11, B3: options of the combinators are checked once, at the door. */
import { expect } from 'chai';
import fc from 'fast-check';
import { ArgumentError } from '../../src/errors.js';
import { parallelSettings, raceSettings } from '../../src/options/combinator-options.js';
import { retrySettings } from '../../src/options/retry-options.js';
import { LONGEST_MS } from '../../src/options/checks.js';

const checks = { parallelSettings, raceSettings, retrySettings } as unknown as Record<
  string,
  (options?: unknown) => Record<string, unknown>
>;

const names = [
  'attempts',
  'delay',
  'factor',
  'maxDelay',
  'jitter',
  'when',
  'concurrency',
  'settle',
  'stagger',
  'signal',
  'deadline',
];
const value = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 0.5, 1e6, 1e6 + 1, 2 ** 31, NaN, Infinity, -Infinity, undefined, null, true),
  fc.constantFrom(['crash'], ['x'], [1], new AbortController().signal, new Date(), new Date(NaN), () => true),
  fc.anything(),
);

describe('options of combinators (M11)', () => {
  for (const [name, check] of Object.entries(checks)) {
    it(`${name}: whatever comes, it is settings or an ArgumentError`, () => {
      fc.assert(
        fc.property(
          fc.oneof(fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 4 }), fc.anything()),
          (options) => {
            let settings: Record<string, unknown>;
            try {
              settings = check(options);
            } catch (error) {
              expect(error).to.be.instanceOf(ArgumentError);
              expect((error as Error).message).to.match(/\.$/);
              return;
            }
            expect(settings).to.be.frozen;
            for (const [key, least, most] of [
              ['attempts', 1, Infinity],
              ['delay', 0, Infinity],
              ['factor', 1, Number.MAX_VALUE],
              ['maxDelay', 0, LONGEST_MS],
              ['concurrency', 1, Infinity],
              ['stagger', 0, Infinity],
            ] as const) {
              if (key in settings) expect(settings[key]).to.be.within(least, most);
            }
          },
        ),
        { numRuns: 500 },
      );
    });
  }

  it('fills in what is not given', () => {
    expect(parallelSettings(undefined)).to.deep.equal({
      concurrency: Infinity,
      signal: undefined,
      deadline: undefined,
      settle: false,
    });
    expect(raceSettings({})).to.deep.equal({ signal: undefined, deadline: undefined, stagger: 0 });
    expect(retrySettings(undefined)).to.include({
      attempts: 3,
      delay: 100,
      factor: 2,
      maxDelay: 30_000,
      jitter: true,
      signal: undefined,
      deadline: undefined,
    });
    expect(retrySettings({ maxDelay: Infinity }).maxDelay, 'what a timer can wait').to.equal(LONGEST_MS);
  });

  it('names the option that is wrong, the value, and what it must be', () => {
    const refusals: [() => unknown, string][] = [
      [
        () => retrySettings({ attempts: 0 }),
        'Option `attempts` is 0; it must be a whole number from 1 to 1000000, or Infinity.',
      ],
      [
        () => retrySettings({ factor: 0.5 }),
        'Option `factor` is 0.5; it must be a finite number of at least 1.',
      ],
      [() => retrySettings({ jitter: 1 as never }), 'Option `jitter` is 1; it must be true or false.'],
      [
        () => retrySettings({ when: 'crash' as never }),
        "Option `when` is 'crash'; it must be a function, or a list of error kinds.",
      ],
      [
        () => raceSettings({ concurrency: 2 } as never),
        'Unknown race option `concurrency`. Known options: signal, deadline, stagger.',
      ],
      [
        () => parallelSettings({ concurrency: 1.5 }),
        'Option `concurrency` is 1.5; it must be a whole number from 1 to 2147483648, or Infinity.',
      ],
    ];
    for (const [run, message] of refusals) expect(run).to.throw(ArgumentError, message);
    expect(() => retrySettings({ when: ['crash', 'crush' as never] })).to.throw(
      ArgumentError,
      /^Option `when\[1\]` is 'crush'; it must be one of timeout, /,
    );
  });
});
