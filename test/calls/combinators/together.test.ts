/** M11: whatever is given to the combinators, it settles once, and nothing is left of it. */
import { expect } from 'chai';
import { ArgumentError, parallel, race, retry, type Start } from 'offthread';
import { contractEngines, rejection, withPool } from '../../helpers/contract.js';
import { failureOf, leavesNothing, thenable, Trial } from './trial.js';
import { turns } from '../../helpers/waiting.js';

const forms = [
  ['parallel', async (start: Start<unknown>): Promise<unknown> => (await parallel([start]))[0]],
  ['race', (start: Start<unknown>): Promise<unknown> => race([start])],
  ['retry', (start: Start<unknown>): Promise<unknown> => retry(start, { attempts: 1 })],
  [
    'parallel of promises',
    async (start: Start<unknown>): Promise<unknown> =>
      (await parallel([start(new AbortController().signal) as PromiseLike<unknown>]))[0],
  ],
] as const;

/** What it failed with; of a race the only one's. */
async function failure(promise: Promise<unknown>): Promise<unknown> {
  const error = await failureOf(promise);
  return (error as { errors?: unknown[] } | undefined)?.errors?.[0] ?? error;
}

for (const [name, run] of forms) {
  describe(`${name} with thenables that misbehave (M11)`, () => {
    it('calls both callbacks, or one of them twice: the first counts', async () => {
      await leavesNothing(async () => {
        expect(
          await run(() =>
            thenable((resolve, reject) => {
              resolve('first');
              reject(new Error('second'));
              resolve('third');
            }),
          ),
        ).to.equal('first');
        const error = new Error('first');
        expect(
          await failure(
            run(() =>
              thenable((resolve, reject) => {
                reject(error);
                resolve('second');
              }),
            ),
          ),
        ).to.equal(error);
      });
    });

    it('throws in `then`: before it has called back that is its failure, after that nothing', async () => {
      await leavesNothing(async () => {
        const error = new Error('in then');
        const fail = (): never => {
          throw error;
        };
        expect(await failure(run(() => thenable(fail)))).to.equal(error);
        expect(
          await run(() =>
            thenable((resolve) => {
              resolve('there');
              throw error;
            }),
          ),
        ).to.equal('there');
      });
    });

    it('resolves to another thenable, late and from elsewhere', async () => {
      const inner = thenable((resolve) => setImmediate(resolve, 'inner'));
      expect(await run(() => thenable((resolve) => resolve(inner)))).to.equal('inner');
    });

    it('has a `then` that throws when it is called a second time', async () => {
      let calls = 0;
      const once = thenable((resolve) => {
        calls += 1;
        if (calls > 1) throw new Error('twice');
        resolve('once');
      });
      expect(await run(() => once)).to.equal('once');
      expect(calls).to.equal(1);
    });
  });
}

describe('starts that misbehave (M11)', () => {
  it('a `then` that throws when it is read is a failure of its start', async () => {
    const trap = {
      // oxlint-disable-next-line unicorn/no-thenable
      get then(): never {
        throw new Error('trap');
      },
    };
    for (const [, run] of forms.slice(0, 3)) {
      expect(((await failure(run(() => trap))) as Error).message).to.equal('trap');
    }
    await rejection(parallel([trap as never]), ArgumentError);
  });

  it('a promise given twice counts twice', async () => {
    const one = Promise.resolve(1);
    expect(await parallel([one, one])).to.deep.equal([1, 1]);
  });

  it('an abort listener may do what it likes', async () => {
    await leavesNothing(async (controller) => {
      const late = new Trial();
      const result = parallel(
        [
          (signal) =>
            new Promise((resolve) => {
              signal.addEventListener('abort', () => {
                resolve('stopped');
                controller.abort('again');
              });
            }),
          () => Promise.reject(new Error('first')),
          late.start,
        ],
        { signal: controller.signal },
      );
      expect(((await failureOf(result)) as Error).message).to.equal('first');
      expect(late.stopped).to.equal(true);
    });
  });
});

describe('wrong starts and options (M11)', () => {
  const combinators = { parallel, race } as unknown as Record<
    string,
    (starts: unknown, options?: unknown) => Promise<unknown>
  >;

  for (const [name, run] of Object.entries(combinators)) {
    it(`${name} refuses what is no list of starts, and starts nothing`, async () => {
      const trial = new Trial();
      const revoked = Proxy.revocable<unknown[]>([], {});
      revoked.revoke();
      const lists: unknown[] = [
        undefined,
        null,
        5,
        'text',
        {},
        new Set([trial.start]),
        trial.start,
        revoked.proxy,
      ];
      for (const list of lists) {
        const error = await rejection(run(list), ArgumentError);
        expect(error.message).to.include(`The starts of ${name} are`);
      }
      // oxlint-disable-next-line unicorn/no-thenable
      for (const wrong of [undefined, null, 5, 'text', {}, [], { then: 5 }]) {
        const error = await rejection(run([trial.start, wrong]), ArgumentError);
        expect(error.message).to.match(new RegExp(`^starts\\[1\\] of ${name} is .*\\. Pass a function`));
      }
      const holes: unknown[] = [trial.start];
      holes[2] = trial.start;
      await rejection(run(holes), ArgumentError);
      expect(trial.started).to.equal(0);
    });

    it(`${name} refuses wrong options, and starts nothing`, async () => {
      const trial = new Trial();
      const wrong: unknown[] = [
        null,
        5,
        [],
        { attempts: 3 },
        { deadline: -1 },
        { deadline: new Date(NaN) },
        { deadline: '5' },
        { signal: {} },
        { stagger: -1 },
        { concurrency: 0 },
        { concurrency: 1.5 },
        { settle: 1 },
        {
          get deadline(): never {
            throw new Error('trap');
          },
        },
      ];
      for (const options of wrong) await rejection(run([trial.start], options), ArgumentError);
      expect(trial.started).to.equal(0);
    });

    it(`${name} takes over what runs, also when something else is wrong`, async () => {
      await leavesNothing(async ({ signal }) => {
        await withPool(contractEngines[0] as 'ffi-rs', { lanes: 1 }, async (lib) => {
          const failing = (): Promise<never> => Promise.reject(new Error('handled'));
          const calls = [lib.ot_spin_until_cancelled(6_000), lib.ot_spin_until_cancelled(6_000)];
          const error = await rejection(run([calls[0], failing(), 5], { signal }), ArgumentError);
          const other = await rejection(run([calls[1], failing()], { signal, nonsense: 1 }), ArgumentError);
          const records = await Promise.all(calls.map((call) => call.settled()));
          expect(records.map((record) => record.error?.cause)).to.deep.equal([error, other]);
        });
        await turns(3);
      });
    });
  }
});
