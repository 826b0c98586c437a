/** M11: which errors are tried again. */
import { expect } from 'chai';
import * as offthread from '../../../src/index.js';
import { type ErrorKind, type RetryRule, retry } from '../../../src/index.js';
import { mayGoWell } from '../../../src/options/retry-options.js';
import { failureOf, thenable } from './trial.js';

const {
  ArgumentError,
  CallCancelledError,
  CallTimeoutError,
  CrashLoopError,
  EngineError,
  OffthreadError,
  RaceError,
} = offthread;

/** How often something that fails in that way is attempted, of 3. */
async function attemptsOf(failure: unknown, when?: RetryRule): Promise<number> {
  let attempts = 0;
  const error = await failureOf(
    retry(
      async () => {
        attempts += 1;
        throw failure;
      },
      { delay: 0, ...(when === undefined ? {} : { when }) },
    ),
  );
  expect(error).to.equal(failure);
  return attempts;
}

const ofKind = (kind: ErrorKind): Error => new OffthreadError('OFFTHREAD_X', kind, 'failed.');

describe('which errors retry tries again (M11)', () => {
  const again = ['timeout', 'queue-full', 'native', 'host-function', 'crash', 'lost', 'crash-loop'] as const;
  const never = [
    'cancelled',
    'channel-closed',
    'closed',
    'argument',
    'declaration',
    'library',
    'symbol',
    'engine',
    'stream',
    'deadlock',
    'listener',
  ] as const;

  it('by default, those that may go well next time', async () => {
    for (const kind of again) expect(mayGoWell(ofKind(kind)), kind).to.equal(true);
    for (const kind of never) expect(mayGoWell(ofKind(kind)), kind).to.equal(false);
    expect(await attemptsOf(ofKind('crash'))).to.equal(3);
    expect(await attemptsOf(ofKind('closed'))).to.equal(1);
  });

  it('by default, all that are not of offthread', async () => {
    for (const failure of [new Error('x'), new DOMException('x', 'AbortError'), 'text', undefined, null]) {
      expect(await attemptsOf(failure)).to.equal(3);
    }
  });

  it('by default, an engine that was busy, and no other', async () => {
    expect(mayGoWell(new EngineError('x'))).to.equal(false);
    expect(mayGoWell(new EngineError('x', { code: 'OFFTHREAD_ENGINE_BUSY' }))).to.equal(true);
    expect(mayGoWell(new CrashLoopError('x', { code: 'toString' }))).to.equal(true);
  });

  it('by default, a lost race when one of its errors may go well', async () => {
    const lost = (...errors: unknown[]): Error => new RaceError('lost.', { errors });
    expect(mayGoWell(lost(new ArgumentError('x'), new CallTimeoutError('x')))).to.equal(true);
    expect(mayGoWell(lost(new ArgumentError('x'), lost(new Error('x'))))).to.equal(true);
    expect(mayGoWell(lost(new ArgumentError('x'), new CallCancelledError('x')))).to.equal(false);
  });

  it('by a list, those kinds and nothing else', async () => {
    expect(await attemptsOf(ofKind('closed'), ['closed', 'race'])).to.equal(3);
    expect(await attemptsOf(ofKind('crash'), ['closed', 'race'])).to.equal(1);
    expect(await attemptsOf(new RaceError('lost.'), ['closed', 'race'])).to.equal(3);
    expect(await attemptsOf(new Error('x'), ['closed'])).to.equal(1);
    expect(await attemptsOf(ofKind('crash'), [])).to.equal(1);
  });

  it('by a list that is changed later: as it was', async () => {
    const kinds: ErrorKind[] = ['crash'];
    let attempts = 0;
    await failureOf(
      retry(
        () => {
          attempts += 1;
          kinds.length = 0;
          return Promise.reject(ofKind('crash'));
        },
        { delay: 0, when: kinds },
      ),
    );
    expect(attempts).to.equal(3);
  });

  it('by a function, which gets the error and the attempt, but not of the last one', async () => {
    const failure = new Error('x');
    const asked: unknown[] = [];
    const when = (error: unknown, attempt: number): boolean => {
      asked.push(error, attempt);
      return true;
    };
    expect(await attemptsOf(failure, when)).to.equal(3);
    expect(asked).to.deep.equal([failure, 1, failure, 2]);
    expect(await attemptsOf(failure, (_error, attempt) => attempt < 2)).to.equal(2);
  });

  it('by promises, and thenables', async () => {
    expect(await attemptsOf(1, () => Promise.resolve(true))).to.equal(3);
    expect(await attemptsOf(1, async (_error, attempt) => attempt < 2)).to.equal(2);
    const no = thenable((resolve) => resolve(false)) as PromiseLike<never>;
    expect(await attemptsOf(1, () => no)).to.equal(1);
    expect(await attemptsOf(1, () => undefined as never)).to.equal(1);
  });
});

describe('rules that fail (M11)', () => {
  const failing = (failure: unknown, when: RetryRule): Promise<unknown> =>
    failureOf(retry(() => Promise.reject(failure as Error), { delay: 0, when }));

  for (const [how, fail] of [
    [
      'throws',
      (error: unknown): never => {
        throw error as Error;
      },
    ],
    [
      'rejects',
      async (error: unknown): Promise<boolean> => {
        throw error;
      },
    ],
  ] as const) {
    it(`a rule that ${how}: its error is thrown, with the attempt's as the cause`, async () => {
      const failure = new Error('the attempt');
      const broken = new Error('the rule');
      expect(await failing(failure, () => fail(broken))).to.equal(broken);
      expect(broken.cause).to.equal(failure);
      expect(Object.keys(broken)).to.deep.equal([]);
    });
  }

  it('keeps a cause that is there', async () => {
    const broken = new Error('the rule', { cause: 'its own' });
    await failing(new Error('the attempt'), () => Promise.reject(broken));
    expect(broken.cause).to.equal('its own');
  });

  it('makes no circle of causes', async () => {
    const inner = new Error('inner');
    const failure = new Error('the attempt', { cause: inner });
    const rethrow = (error: unknown): never => {
      throw error as Error;
    };
    expect(await failing(failure, rethrow)).to.equal(failure);
    expect(failure.cause).to.equal(inner);
    expect(await failing(failure, () => rethrow(inner))).to.equal(inner);
    expect(inner.cause).to.equal(undefined);
    const round = new Error('round');
    round.cause = round;
    const broken = new Error('the rule');
    expect(await failing(round, () => rethrow(broken))).to.equal(broken);
    expect(broken.cause).to.equal(round);
  });

  it('leaves alone what cannot have one', async () => {
    const frozen = Object.freeze(new Error('frozen'));
    const trapped = new Proxy(new Error('trapped'), {
      get: (target, key) => {
        if (key === 'cause') throw new Error('trap');
        return Reflect.get(target, key) as unknown;
      },
    });
    for (const thrown of ['text', undefined, null, frozen, trapped]) {
      const when = (): never => {
        throw thrown as unknown;
      };
      expect((await failing(new Error('the attempt'), when)) === thrown).to.equal(true);
    }
  });
});
