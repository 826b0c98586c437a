/** B7, M27: for any order of requests, calls and endings, sessions do what a model of a few lines says. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { OffthreadError, Session } from 'offthread';
import { contractEngines, sharedLab } from '../../helpers/contract.js';
import { turns, until } from '../../helpers/waiting.js';

/** What a program does. `at` picks one of the sessions that are meant. */
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('request' as const), priority: fc.nat(2) }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('call' as const), at: fc.nat(9) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('close' as const), at: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), at: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), at: fc.nat(9) }) },
  ),
  { minLength: 5, maxLength: 30 },
);

interface Modelled {
  readonly number: number;
  readonly priority: number;
  readonly control: AbortController;
  state: 'waiting' | 'open' | 'ended' | 'refused';
}

/** Who has a lane, and who is next: higher priorities first, then the older. */
class Model {
  readonly all: Modelled[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  in(state: Modelled['state']): Modelled[] {
    return this.all.filter((one) => one.state === state);
  }

  /** Lanes are idle between steps, so only the bound keeps a session waiting. */
  grant(): void {
    while (this.in('open').length < this.#most) {
      const [next] = this.in('waiting').toSorted((a, b) => b.priority - a.priority || a.number - b.number);
      if (next === undefined) return;
      next.state = 'open';
    }
  }
}

const LANES = 3;
const engine = contractEngines.includes('koffi') ? 'koffi' : (contractEngines[0] ?? 'koffi');

describe('sessions against their model (B7)', () => {
  const shared = sharedLab(engine, { lanes: LANES });

  it('get lanes in their turn, never too many, and give all back', async () => {
    const { pool, lib } = shared;
    await until(() => pool.stats().lanes.starting === 0, 'all lanes to start');
    await fc.assert(
      fc.asyncProperty(steps, async (program) => {
        const model = new Model(LANES - 1);
        const real: Promise<Session>[] = [];
        const seen: string[] = [];
        const check = async (): Promise<void> => {
          const [leased, waiting] = [model.in('open').length, model.in('waiting').length];
          // A lane whose call was given up is back within ms.
          await until(
            () => {
              const { sessions } = pool.stats();
              return sessions.leased === leased && sessions.waiting === waiting;
            },
            () => `${JSON.stringify({ leased, waiting })}: ${JSON.stringify(pool.stats())}`,
          );
          await turns(1);
        };
        for (const step of program) {
          if (step.do === 'request') {
            const one: Modelled = {
              number: model.all.length,
              priority: step.priority,
              control: new AbortController(),
              state: 'waiting',
            };
            model.all.push(one);
            const { priority, control } = one;
            const session = pool.session({ priority, signal: control.signal, timeout: 0 });
            real.push(session);
            session.then(
              () => seen.push(`open ${one.number}`),
              (error: OffthreadError) => seen.push(`${error.kind} ${one.number}`),
            );
          } else {
            const among = model.in(step.do === 'leave' ? 'waiting' : 'open');
            const one = among[step.at % Math.max(1, among.length)];
            if (one === undefined) continue;
            if (step.do === 'leave') {
              one.state = 'refused';
              one.control.abort();
            } else {
              const session = await (real[one.number] as Promise<Session>);
              if (step.do === 'call') {
                const own = session.use(lib);
                const ids = await Promise.all([own.ot_thread_id(), own.ot_thread_id(), lib.ot_add(1, 2)]);
                expect(ids[0]).to.equal(ids[1]);
                expect(ids[2]).to.equal(3);
                for (const other of model.in('open')) {
                  const elsewhere = await (real[other.number] as Promise<Session>);
                  expect(elsewhere.lane === session.lane).to.equal(other === one);
                }
              } else {
                const pending = session.use(lib).ot_add(1, 2).settled();
                if (step.do === 'close') await session.close();
                else one.control.abort();
                const { kind } = await pending;
                expect(kind).to.equal(step.do === 'close' ? undefined : 'cancelled');
                expect(session.closed).to.equal(true);
                expect((await session.use(lib).ot_add(1, 2).settled()).kind).to.equal('session');
                one.state = 'ended';
              }
            }
          }
          const before = new Set(model.in('open'));
          model.grant();
          await check();
          for (const one of model.in('open')) {
            if (!before.has(one)) expect(seen, `${one.number} has its lane`).to.include(`open ${one.number}`);
          }
        }
        for (const one of model.in('waiting')) one.control.abort();
        for (const one of model.in('open')) await (await (real[one.number] as Promise<Session>)).close();
        await Promise.allSettled(real);
        expect(pool.stats().sessions).to.deep.equal({ leased: 0, waiting: 0 });
        await until(() => pool.stats().lanes.idle === LANES, 'all lanes to be back');
        for (const one of model.in('refused')) expect(seen).to.include(`cancelled ${one.number}`);
      }),
      { numRuns: 60 },
    );
  });
});
