/** M11: for any outcomes in any order, the combinators do what a model of a few lines says. */
import { expect } from 'chai';
import fc from 'fast-check';
import { CallCancelledError, parallel, race, RaceError, retry } from 'offthread';
import { leavesNothing, startsOf, type Trial, trials } from './trial.js';
import { turns } from '../../helpers/waiting.js';

/** One thing that happens: a trial settles, if it runs, or the signal aborts. */
type Event = { readonly at: number; readonly succeeds: boolean } | 'abort';

const events = (count: number): fc.Arbitrary<Event[]> =>
  fc.array(
    fc.oneof(
      { weight: 12, arbitrary: fc.record({ at: fc.nat(count - 1), succeeds: fc.boolean() }) },
      { weight: 2, arbitrary: fc.constant<Event>('abort') },
    ),
    { maxLength: 3 * count },
  );

const scenario = fc.integer({ min: 1, max: 6 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    limit: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(Infinity)),
    events: events(count),
  }),
);

type Phase = 'idle' | 'running' | 'stopping' | 'settled';

/** What there is to see of a combinator. */
interface Seen {
  readonly started: readonly boolean[];
  readonly stopped: readonly boolean[];
  /** undefined: not settled. */
  readonly result: unknown;
}

/** The model: phases, and a rule for each event. */
class Model {
  readonly phases: Phase[];
  readonly started: boolean[];
  readonly stopped: boolean[];
  readonly outcomes: PromiseSettledResult<string>[] = [];
  result: unknown = undefined;

  constructor(count: number) {
    this.phases = Array<Phase>(count).fill('idle');
    this.started = Array<boolean>(count).fill(false);
    this.stopped = Array<boolean>(count).fill(false);
  }

  count(phase: Phase): number {
    return this.phases.filter((one) => one === phase).length;
  }

  fill(limit: number): void {
    for (const [index, phase] of this.phases.entries()) {
      if (phase !== 'idle' || this.count('running') >= limit) continue;
      this.phases[index] = 'running';
      this.started[index] = true;
    }
  }

  /** @returns whether it was still running, so that what it does counts. */
  settle(index: number, succeeds: boolean): boolean {
    const phase = this.phases[index];
    if (phase !== 'running' && phase !== 'stopping') return false;
    this.phases[index] = 'settled';
    this.outcomes[index] = succeeds
      ? { status: 'fulfilled', value: `value ${index}` }
      : { status: 'rejected', reason: `failure ${index}` };
    return phase === 'running';
  }

  stop(): void {
    for (const [index, phase] of this.phases.entries()) {
      if (phase === 'running') this.stopped[index] = true;
      if (phase === 'running') this.phases[index] = 'stopping';
      else if (phase === 'idle') this.phases[index] = 'settled';
    }
  }

  get seen(): Seen {
    return { started: this.started, stopped: this.stopped, result: this.result };
  }
}

/** Runs a scenario, and compares after every event. */
async function agrees(
  list: readonly Trial[],
  run: (signal: AbortSignal) => Promise<unknown>,
  model: Model,
  script: readonly Event[],
  step: (event: Event) => void,
): Promise<void> {
  await leavesNothing(async (controller) => {
    let result: unknown;
    run(controller.signal).then(
      (value: unknown) => {
        result = { value };
      },
      (error: unknown) => {
        result = {
          error:
            error instanceof CallCancelledError
              ? 'cancelled'
              : error instanceof RaceError
                ? error.errors
                : error,
        };
      },
    );
    for (const event of [undefined, ...script]) {
      if (event === 'abort') controller.abort();
      else if (event?.succeeds === true) list[event.at]?.succeed(`value ${event.at}`);
      else if (event !== undefined) list[event.at]?.fail(`failure ${event.at}`);
      await turns(1);
      if (event !== undefined) step(event);
      const seen: Seen = {
        started: list.map(({ started }) => started > 0),
        stopped: list.map(({ stopped }) => stopped),
        result,
      };
      expect(seen).to.deep.equal(model.seen);
    }
    controller.abort();
    await turns(1);
  });
}

describe('combinators and their models (M11)', () => {
  for (const settle of [false, true]) {
    it(`parallel, settle: ${settle}`, async () => {
      await fc.assert(
        fc.asyncProperty(scenario, async ({ count, limit, events: script }) => {
          const list = trials(count);
          const model = new Model(count);
          let failure: string | undefined;
          model.fill(limit);
          const step = (event: Event): void => {
            if (event === 'abort') {
              if (model.result !== undefined) return;
              model.stop();
              model.result = { error: failure ?? 'cancelled' };
              return;
            }
            if (
              model.settle(event.at, event.succeeds) &&
              !event.succeeds &&
              !settle &&
              failure === undefined
            ) {
              failure = `failure ${event.at}`;
              model.stop();
            }
            if (failure === undefined && model.result === undefined) model.fill(limit);
            if (model.result !== undefined || model.count('settled') < count) return;
            if (failure !== undefined) model.result = { error: failure };
            else if (settle) model.result = { value: model.outcomes };
            else model.result = { value: list.map((_, index) => `value ${index}`) };
          };
          const run = (signal: AbortSignal): Promise<unknown> =>
            parallel(startsOf(list), { settle, concurrency: limit, signal });
          await agrees(list, run, model, script, step);
        }),
        { numRuns: 100 },
      );
    });
  }

  for (const chained of [false, true]) {
    it(chained ? 'race, one after the other' : 'race', async () => {
      await fc.assert(
        fc.asyncProperty(scenario, async ({ count, events: script }) => {
          const list = trials(count);
          const model = new Model(count);
          const limit = chained ? 1 : Infinity;
          model.fill(limit);
          const step = (event: Event): void => {
            if (event === 'abort') {
              model.stop();
              model.result ??= { error: 'cancelled' };
              return;
            }
            if (!model.settle(event.at, event.succeeds) || model.result !== undefined) return;
            if (event.succeeds) {
              model.result = { value: `value ${event.at}` };
              model.stop();
            } else if (model.count('settled') === count) {
              model.result = { error: list.map((_, index) => `failure ${index}`) };
            } else model.fill(limit);
          };
          const run = (signal: AbortSignal): Promise<unknown> =>
            race(startsOf(list), { stagger: chained ? Infinity : 0, signal });
          await agrees(list, run, model, script, step);
        }),
        { numRuns: 100 },
      );
    });
  }

  it('retry: the first success, or the last failure, after exactly so many attempts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('throws', 'rejects', 'succeeds', 'unavailable', 'aborts'), {
          minLength: 6,
          maxLength: 6,
        }),
        fc.integer({ min: 1, max: 5 }),
        async (outcomes, attempts) => {
          const last = outcomes.findIndex((one) => one !== 'throws' && one !== 'rejects');
          const expected = last < 0 ? attempts : Math.min(last + 1, attempts);
          await leavesNothing(async (controller) => {
            let made = 0;
            const start = (_signal: AbortSignal, attempt: number): Promise<number> => {
              made += 1;
              expect(attempt).to.equal(made);
              const outcome = outcomes[attempt - 1];
              if (outcome === 'succeeds') return Promise.resolve(attempt);
              if (outcome === 'aborts') controller.abort();
              if (outcome === 'throws') throw new Error(`failure ${attempt}`);
              return Promise.reject(
                new Error(outcome === 'unavailable' ? 'unavailable' : `failure ${attempt}`),
              );
            };
            const result = await retry(start, {
              attempts,
              delay: 0,
              signal: controller.signal,
              when: async (error) => (error as Error).message !== 'unavailable',
            }).catch((error: unknown) => error);
            expect(made).to.equal(expected);
            const outcome = outcomes[expected - 1];
            if (outcome === 'succeeds') expect(result).to.equal(expected);
            else if (outcome === 'aborts') expect(result).to.be.instanceOf(CallCancelledError);
            else {
              expect((result as Error).message).to.equal(
                outcome === 'unavailable' ? 'unavailable' : `failure ${expected}`,
              );
            }
          });
        },
      ),
      { numRuns: 100 },
    );
  });
});
