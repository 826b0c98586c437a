/** B2: when lanes that died are replaced: the policy against a model of it, and each of its rules by itself. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type RestartSettings, Restarts } from '../../../src/supervisor/lifecycle/restarts.js';
import { slow } from '../../helpers/fast-run.js';

interface Lane {
  ready: boolean;
}

/** A step as it was told, with what was told of it. */
type News = readonly [step: 'restarting' | 'opened' | 'trial' | 'closed', ...numbers: number[]];

const LANES = 4;
const DELAYS = [0, 50, 100, 200, 400, 800, 1_600];

/** The policy, written down as what is true at a moment; time passes for it whether it is asked or not. */
class Model {
  readonly news: News[] = [];
  state: 'closed' | 'open' | 'trial' = 'closed';
  now = 0;
  lane: Lane | null = null;
  readonly #settings: RestartSettings;
  #deaths: number[] = [];
  #unanswered = 0;
  /** When rounds of starts failed, since a lane became ready. A round is a moment here: no lane is started while others fail. */
  #failures: number[] = [];
  #waitsUntil = -1;
  #openUntil = -1;
  #openMs = 0;
  #provenAt = Infinity;
  #overdueAt = Infinity;

  constructor(settings: RestartSettings) {
    this.#settings = settings;
  }

  get deaths(): number {
    const remembered = Math.min(this.#settings.maxDeaths, 1_000);
    return this.#deaths.filter((at) => at > this.now - this.#settings.deathWindow).slice(-remembered).length;
  }

  get dueAt(): number {
    const times = {
      closed: [this.#waitsUntil],
      open: [this.#openUntil],
      trial: this.lane === null ? [] : [this.#provenAt, this.#overdueAt],
    };
    return Math.min(Infinity, ...times[this.state].filter((at) => at > this.now));
  }

  get mayStart(): number {
    if (this.state === 'closed') return this.now >= this.#waitsUntil ? Infinity : 0;
    if (this.state === 'open') return 0;
    return this.lane === null || this.now >= this.#overdueAt ? 1 : 0;
  }

  pass(ms: number): void {
    this.now += ms;
    if (this.state === 'open' && this.now >= this.#openUntil) this.#become('trial', ['trial']);
    if (this.lane !== null && this.now >= this.#provenAt) this.#close();
  }

  started(lane: Lane): void {
    if (this.state !== 'trial' || this.mayStart === 0) return;
    this.lane = lane;
    this.#overdueAt = this.now + 60_000;
  }

  ready(lane: Lane): void {
    this.#failures = [];
    if (lane !== this.lane || this.#provenAt !== Infinity) return;
    this.#provenAt = this.now + 1_000;
    this.#overdueAt = Infinity;
  }

  worked(lane: Lane): void {
    if (this.#failures.length === 0) this.#unanswered = 0;
    if (lane === this.lane) this.#close();
  }

  gone(lane: Lane): void {
    if (lane === this.lane) this.#become('trial');
  }

  failed(lane: Lane): void {
    this.#failures.push(this.now);
    this.died(lane, this.#cannotStart);
  }

  died(lane: Lane, cannotStart = false): void {
    const { maxDeaths, deathWindow } = this.#settings;
    this.#deaths.push(this.now);
    if (this.state === 'closed') {
      const delay = DELAYS[this.#unanswered] ?? 2_000;
      this.#unanswered += 1;
      this.#waitsUntil = this.now + delay;
      if (this.deaths < maxDeaths && !cannotStart) this.news.push(['restarting', delay]);
      else this.#open(deathWindow);
    } else if (lane === this.lane) this.#open(this.#openMs * 2);
  }

  get #cannotStart(): boolean {
    const [first = this.now] = this.#failures;
    const { length } = this.#failures;
    return length >= 8 || (length >= 3 && this.now - first >= 10_000);
  }

  #open(ms: number): void {
    this.#openMs = Math.min(60_000, ms);
    this.#openUntil = this.now + this.#openMs;
    this.#become('open', ['opened', this.deaths, this.#settings.deathWindow, this.#openMs]);
  }

  #close(): void {
    this.#deaths = [];
    this.#unanswered = 0;
    this.#failures = [];
    this.#waitsUntil = -1;
    this.#become('closed', ['closed']);
  }

  #become(state: Model['state'], news?: News): void {
    this.state = state;
    this.lane = null;
    this.#provenAt = Infinity;
    this.#overdueAt = Infinity;
    if (news !== undefined) this.news.push(news);
  }
}

/** A pool that does what its restart policy says, and writes down what it is told. */
class Life {
  readonly news: News[] = [];
  readonly restarts: Restarts<Lane>;
  lanes: Lane[] = [];
  now = 0;

  constructor(settings: RestartSettings) {
    this.restarts = new Restarts<Lane>(settings, {
      restarting: (...numbers) => this.news.push(['restarting', ...numbers]),
      breakerOpened: (...numbers) => this.news.push(['opened', ...numbers]),
      breakerTrial: () => this.news.push(['trial']),
      breakerClosed: () => this.news.push(['closed']),
    });
  }

  mayStart(wanted = LANES): number {
    return this.restarts.mayStart(this.now, wanted);
  }

  start(): Lane {
    const lane = { ready: false };
    this.lanes.push(lane);
    this.restarts.started(this.now, lane);
    return lane;
  }

  /** Starts what is missing and allowed. */
  fill(): Lane[] {
    return Array.from({ length: this.mayStart(LANES - this.lanes.length) }, () => this.start());
  }

  ready(lane: Lane): void {
    lane.ready = true;
    this.restarts.ready(this.now, lane);
  }

  died(lane: Lane): void {
    this.lanes = this.lanes.filter((other) => other !== lane);
    this.restarts.died(this.now, lane, this.now);
  }

  /** It could not start. */
  failed(lane: Lane): void {
    this.lanes = this.lanes.filter((other) => other !== lane);
    this.restarts.failed(this.now, lane, this.now);
  }

  gone(lane: Lane): void {
    this.lanes = this.lanes.filter((other) => other !== lane);
    this.restarts.gone(this.now, lane);
  }

  /** One lane after the other is started and dies at once, as soon as that is allowed, until the breaker opens. */
  untilOpen(): void {
    const opened = this.news.filter(([step]) => step === 'opened').length;
    while (this.news.filter(([step]) => step === 'opened').length === opened) {
      if (this.restarts.dueAt !== Infinity) this.now = this.restarts.dueAt;
      expect(this.mayStart(1), 'a lane').to.equal(1);
      this.died(this.start());
    }
  }
}

type Step =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'wait-until-due'; readonly early: number }
  | { readonly kind: 'die' | 'work' | 'ready' | 'gone'; readonly which: number }
  | { readonly kind: 'fill' | 'start-one' };

const acts = (kind: 'die' | 'work' | 'ready' | 'gone', weight: number) => ({
  weight,
  arbitrary: fc.record({ kind: fc.constant(kind), which: fc.nat(LANES - 1) }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.oneof(fc.nat(60), fc.constantFrom(100, 999, 1_000, 2_000, 9_999, 10_000, 59_999, 60_000)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait-until-due' as const),
      early: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  acts('die', 6),
  acts('work', 1),
  acts('ready', 3),
  acts('gone', 1),
  { weight: 6, arbitrary: fc.constantFrom<Step>({ kind: 'fill' }, { kind: 'fill' }, { kind: 'start-one' }) },
);
const settings: fc.Arbitrary<RestartSettings> = fc.record({
  maxDeaths: fc.constantFrom(1, 2, 3, 6, 10, Infinity),
  deathWindow: fc.constantFrom(1, 100, 10_000, 45_000, 100_000, Infinity),
});
const steps = fc.array(step, { maxLength: 80, size: 'max' });

/** Takes a pool and the model through the same steps. Asks at every moment, or only where the pool has to. */
class Run {
  readonly life: Life;
  readonly model: Model;
  readonly #always: boolean;

  constructor(settings: RestartSettings, always: boolean) {
    this.life = new Life(settings);
    this.model = new Model(settings);
    this.#always = always;
  }

  step(one: Step): void {
    const { life, model } = this;
    switch (one.kind) {
      case 'wait':
        this.#pass(one.ms);
        break;
      case 'wait-until-due':
        if (model.dueAt !== Infinity) this.#pass(Math.max(0, model.dueAt - model.now - one.early));
        break;
      case 'fill':
      case 'start-one': {
        const wanted = Math.min(one.kind === 'fill' ? LANES : 1, LANES - life.lanes.length);
        const count = life.mayStart(wanted);
        expect(count, 'lanes to start').to.equal(Math.min(wanted, model.mayStart));
        for (let started = 0; started < count; started += 1) model.started(life.start());
        break;
      }
      default: {
        const lane = life.lanes[one.which];
        if (lane === undefined) return;
        this.#act(one.kind, lane);
        // It is not given the time: what is due is not told yet.
        if (one.kind === 'work' && !this.#always) return;
      }
    }
    if (one.kind.startsWith('wait') && !this.#always) return;
    this.agree();
  }

  #pass(ms: number): void {
    this.life.now += ms;
    this.model.pass(ms);
    if (this.#always) this.life.mayStart(0);
  }

  #act(kind: 'die' | 'work' | 'ready' | 'gone', lane: Lane): void {
    const { life, model } = this;
    if (kind === 'work') {
      life.restarts.worked(lane);
      model.worked(lane);
    } else if (kind === 'ready') {
      life.ready(lane);
      model.ready(lane);
    } else if (kind === 'gone') {
      life.gone(lane);
      model.gone(lane);
    } else if (lane.ready) {
      life.died(lane);
      model.died(lane);
    } else {
      life.failed(lane);
      model.failed(lane);
    }
  }

  agree(): void {
    const { life, model } = this;
    const { restarts, now } = life;
    expect(life.news, 'what was told').to.deep.equal(model.news);
    expect(restarts.state).to.equal(model.state);
    expect(restarts.deaths(now), 'deaths').to.equal(model.deaths);
    expect(life.mayStart(0), 'lanes when none is wanted').to.equal(0);
    expect(life.mayStart(), 'lanes').to.equal(Math.min(LANES, model.mayStart));
    expect(restarts.dueAt, 'due').to.equal(model.dueAt);
    expect(restarts.dueAt, 'due').to.be.above(now);
  }

  /** What holds of every history, in other words than the model's. */
  expectSane(): void {
    const { news } = this.life;
    let delay = -1;
    let before: News[0] = 'closed';
    for (const [step, ms = 0] of news) {
      if (step === 'restarting') {
        expect(before, 'a restart is told while closed').to.be.oneOf(['closed', 'restarting']);
        expect(ms).to.be.within(0, 2_000);
        if (ms !== 0) expect(ms, 'longer, or the longest').to.satisfy(() => ms > delay || ms === 2_000);
        delay = ms;
      } else {
        const after = {
          opened: ['closed', 'restarting', 'trial'],
          trial: ['opened'],
          closed: ['trial'],
        };
        expect(before, `before ${step}`).to.be.oneOf(after[step]);
        delay = -1;
      }
      before = step;
    }
  }
}

describe('Restarts', () => {
  for (const [how, always] of [
    ['asked at every moment', true],
    ['asked only when lanes come and go', false],
  ] as const) {
    slow(`does what the model says, ${how}`, () => {
      fc.assert(
        fc.property(settings, steps, (settings, steps) => {
          const run = new Run(settings, always);
          for (const one of steps) run.step(one);
          run.life.mayStart(0);
          run.agree();
          run.expectSane();
        }),
        { numRuns: 1_000 },
      );
    });
  }

  slow('is never stuck: when lanes live on, all of them are started within a bounded time', () => {
    fc.assert(
      fc.property(settings, steps, fc.boolean(), (settings, steps, hang) => {
        const run = new Run(settings, true);
        for (const one of steps) run.step(one);
        const { life } = run;
        const { restarts } = life;
        const since = life.now;
        // The worst: lanes that were starting hang, and nobody says that they are given up.
        if (hang) life.lanes = life.lanes.filter(({ ready }) => ready);
        for (let round = 0; restarts.state !== 'closed' || life.lanes.length < LANES; round += 1) {
          if (round > 6) expect.fail(`stuck: ${restarts.state}, ${life.lanes.length} lanes`);
          if (restarts.dueAt !== Infinity) life.now = restarts.dueAt;
          life.fill();
          for (const lane of life.lanes) life.ready(lane);
        }
        expect(life.now - since, 'ms').to.be.at.most(60_000 + 60_000 + 1_000);
        expect(life.mayStart(), 'everything is allowed').to.equal(LANES);
      }),
      { numRuns: 500 },
    );
  });

  it('replaces the first death at once, and those after it after 50, 100, 200 ... at most 2,000 ms', () => {
    const life = new Life({ maxDeaths: Infinity, deathWindow: 10_000 });
    const waited: number[] = [];
    for (let death = 0; death < 10; death += 1) {
      expect(life.mayStart(1)).to.equal(1);
      life.died(life.start());
      const since = life.now;
      expect(life.restarts.dueAt, 'due').to.be.above(since);
      if (life.restarts.dueAt !== Infinity) {
        life.now = life.restarts.dueAt - 0.5;
        expect(life.mayStart(), 'too early').to.equal(0);
        life.now += 0.5;
      }
      waited.push(life.now - since);
    }
    expect(waited).to.deep.equal([0, 50, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
    expect(life.news).to.deep.equal(waited.map((ms) => ['restarting', ms]));
  });

  it('allows as many as are wanted, also none, or fewer than there are', () => {
    const life = new Life({ maxDeaths: 1, deathWindow: 1 });
    expect([3, 0, -2].map((wanted) => life.mayStart(wanted))).to.deep.equal([3, 0, 0]);
  });

  it('starts anew with the delays once a call has been answered, also by another lane', () => {
    const life = new Life({ maxDeaths: Infinity, deathWindow: 10_000 });
    const [one, other, third, last] = life.fill() as [Lane, Lane, Lane, Lane];
    life.died(one);
    life.died(other);
    life.restarts.worked(third);
    expect(life.mayStart(), 'the wait that was told goes on').to.equal(0);
    life.died(third);
    expect(life.mayStart(), 'a first death').to.equal(LANES);
    life.died(last);
    expect(life.news.map(([, ms]) => ms)).to.deep.equal([0, 50, 0, 50]);
  });

  it('opens when that many deaths lie within the window, and not when the first has left it', () => {
    const deaths = (...times: number[]): News[] => {
      const life = new Life({ maxDeaths: 3, deathWindow: 1_000 });
      for (life.now of times) life.died({ ready: true });
      return life.news.filter(([step]) => step === 'opened');
    };
    expect(deaths(0, 1, 999)).to.deep.equal([['opened', 3, 1_000, 1_000]]);
    expect(deaths(0, 1, 1_000)).to.deep.equal([]);
    expect(deaths(0, 1, 1_000, 1_000)).to.deep.equal([['opened', 3, 1_000, 1_000]]);
  });

  it('starts none while it is open, then one', () => {
    const life = new Life({ maxDeaths: 3, deathWindow: 10_000 });
    life.untilOpen();
    const until = life.now + 10_000;
    expect(life.restarts.dueAt).to.equal(until);
    life.now = until - 1;
    expect([life.mayStart(), life.restarts.state]).to.deep.equal([0, 'open']);
    life.died({ ready: true });
    expect(life.restarts.dueAt, 'deaths while it is open do not prolong it').to.equal(until);
    life.now = until;
    expect([life.mayStart(), life.restarts.state]).to.deep.equal([1, 'trial']);
    expect(life.mayStart(), 'a question takes nothing').to.equal(1);
    expect(life.fill()).to.have.length(1);
    expect(life.mayStart(), 'one at a time').to.equal(0);
    expect(life.news.slice(-2)).to.deep.equal([['opened', 3, 10_000, 10_000], ['trial']]);
  });

  describe('in a trial', () => {
    const SETTINGS: RestartSettings = { maxDeaths: 2, deathWindow: 8_000 };

    /** A pool of one lane from before and the one of the trial. */
    function trial(): { life: Life; survivor: Lane; lane: Lane } {
      const life = new Life(SETTINGS);
      const survivor = life.start();
      life.ready(survivor);
      life.untilOpen();
      life.now = life.restarts.dueAt;
      const [lane] = life.fill();
      if (lane === undefined) throw new Error('no lane was allowed');
      return { life, survivor, lane };
    }

    it('closes when its lane answers a call, and then allows everything', () => {
      const { life, lane } = trial();
      life.ready(lane);
      life.restarts.worked(lane);
      expect(life.restarts.state).to.equal('closed');
      expect(life.news.at(-1)).to.deep.equal(['closed']);
      expect(life.mayStart()).to.equal(LANES);
      expect(life.restarts.deaths(life.now), 'deaths before count no more').to.equal(0);
      life.died(lane);
      expect(life.news.at(-1), 'a first death').to.deep.equal(['restarting', 0]);
    });

    it('closes when its lane has lived for 1,000 ms after it was ready, not after it was started', () => {
      const { life, lane } = trial();
      life.now += 5_000;
      expect([life.mayStart(), life.restarts.state]).to.deep.equal([0, 'trial']);
      life.ready(lane);
      expect(life.restarts.dueAt).to.equal(life.now + 1_000);
      life.now += 999;
      life.ready(lane);
      expect(life.mayStart()).to.equal(0);
      life.now += 1;
      expect([life.mayStart(), life.restarts.state]).to.deep.equal([LANES, 'closed']);
    });

    it('opens again when its lane dies, each time for twice as long, at most 60 s', () => {
      const { life, lane } = trial();
      life.died(lane);
      while (life.news.length < 20) {
        life.now = life.restarts.dueAt;
        const [next] = life.fill();
        if (next === undefined) throw new Error('no lane was allowed');
        if (life.news.length % 4 === 0) life.ready(next);
        life.died(next);
      }
      const opened = life.news.flatMap(([step, , , ms]) => (step === 'opened' ? [ms] : []));
      expect(opened).to.deep.equal([
        8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000, 60_000, 60_000, 60_000,
      ]);
    });

    it('opens for the first time again once a trial has succeeded', () => {
      const { life, lane } = trial();
      life.died(lane);
      life.now = life.restarts.dueAt;
      for (const next of life.fill()) life.restarts.worked(next);
      life.untilOpen();
      expect(life.news.at(-1)).to.deep.equal(['opened', 2, 8_000, 8_000]);
    });

    it('is not ended by lanes from before', () => {
      const { life, survivor } = trial();
      const told = life.news.length;
      life.restarts.worked(survivor);
      life.ready(survivor);
      life.now += 30_000;
      life.died(survivor);
      expect([life.mayStart(), life.restarts.state]).to.deep.equal([0, 'trial']);
      expect(life.news).to.have.length(told);
    });

    it('goes on with another lane when its own ends without dying', () => {
      const { life, lane } = trial();
      life.ready(lane);
      life.gone(lane);
      expect([life.mayStart(), life.restarts.dueAt]).to.deep.equal([1, Infinity]);
      const [next] = life.fill();
      life.died(lane);
      expect(life.restarts.state, 'the end of the first one').to.equal('trial');
      expect(next).to.not.equal(undefined);
      life.restarts.worked(next as Lane);
      expect(life.restarts.state).to.equal('closed');
    });

    it('goes on with another lane when its own is not ready within 60 s, and takes either one until that', () => {
      const { life, lane } = trial();
      life.now = life.restarts.dueAt - 1;
      expect(life.mayStart()).to.equal(0);
      life.now += 1;
      expect([life.mayStart(), life.restarts.dueAt]).to.deep.equal([1, Infinity]);
      const late = trial();
      late.life.now = late.life.restarts.dueAt;
      expect(late.life.mayStart()).to.equal(1);
      late.life.ready(late.lane);
      expect(late.life.mayStart(), 'it has come after all').to.equal(0);
      late.life.now = late.life.restarts.dueAt;
      expect([late.life.mayStart(), late.life.restarts.state]).to.deep.equal([LANES, 'closed']);
      const [next] = life.fill();
      life.restarts.worked(lane);
      expect(life.restarts.state, 'the first one, when another was started').to.equal('trial');
      life.died(next as Lane);
      expect(life.restarts.state).to.equal('open');
    });
  });

  it('lets a listener start lanes, and does not count them twice', () => {
    const life = new Life({ maxDeaths: 1, deathWindow: 100 });
    const started: number[] = [];
    const restarts: Restarts<Lane> = new Restarts<Lane>(
      { maxDeaths: 1, deathWindow: 100 },
      {
        restarting: () => {},
        breakerOpened: () => fill(),
        breakerTrial: () => fill(),
        breakerClosed: () => fill(),
      },
    );
    const fill = (): void => {
      const count = restarts.mayStart(life.now, LANES - life.lanes.length);
      started.push(count);
      for (let index = 0; index < count; index += 1) {
        const lane = { ready: true };
        life.lanes.push(lane);
        restarts.started(life.now, lane);
        restarts.ready(life.now, lane);
      }
    };
    restarts.died(life.now, { ready: true }, life.now);
    life.now += 100;
    fill();
    expect(
      started,
      'open, then the trial lane: by the listener, not by the one it interrupted',
    ).to.deep.equal([0, 1, 0]);
    life.now += 1_000;
    fill();
    expect(started.slice(3), 'closed').to.deep.equal([3, 0]);
    expect(life.lanes).to.have.length(LANES);
  });

  it('forgets deaths: those that have left the window, and the oldest where none opens the breaker', () => {
    const unlimited = new Life({ maxDeaths: Infinity, deathWindow: Infinity });
    for (unlimited.now = 0; unlimited.now < 5_000; unlimited.now += 1) unlimited.died({ ready: true });
    expect(unlimited.restarts.deaths(unlimited.now)).to.equal(1_000);
    const life = new Life({ maxDeaths: Infinity, deathWindow: 100 });
    for (life.now = 0; life.now < 5_000; life.now += 10) life.died({ ready: true });
    expect(life.restarts.deaths(4_990)).to.equal(10);
    expect(life.restarts.deaths(5_085)).to.equal(1);
    expect(life.restarts.deaths(5_090)).to.equal(0);
    const open = new Life({ maxDeaths: 5, deathWindow: Infinity });
    for (let death = 0; death < 50; death += 1) open.died({ ready: true });
    expect(open.restarts.deaths(0)).to.equal(5);
  });

  describe('lanes that cannot start', () => {
    /** Rounds of starts that end at their first failure, as soon as each is allowed; ms until the breaker opens. */
    function untilOpen(life: Life, between: () => void = () => {}): number {
      const since = life.now;
      for (let round = 0; life.restarts.state === 'closed'; round += 1) {
        if (round > 100) expect.fail('lanes keep failing, and it stays closed');
        if (life.restarts.dueAt !== Infinity) life.now = life.restarts.dueAt;
        expect(life.mayStart(64), 'lanes').to.equal(64);
        life.failed(life.start());
        between();
      }
      return life.now - since;
    }

    it('open the breaker after 8 rounds, however many deaths that takes otherwise', () => {
      for (const maxDeaths of [12, 195, Infinity]) {
        const life = new Life({ maxDeaths, deathWindow: 10_000 });
        expect(untilOpen(life)).to.equal(50 + 100 + 200 + 400 + 800 + 1_600);
        expect(life.news.at(-1)).to.deep.equal(['opened', 8, 10_000, 10_000]);
        expect(life.restarts.failedStarts).to.equal(8);
      }
    });

    it('do so too while other lanes answer calls, or die', () => {
      const life = new Life({ maxDeaths: 195, deathWindow: 10_000 });
      const survivors = life.fill();
      for (const lane of survivors) life.ready(lane);
      expect(untilOpen(life, () => life.restarts.worked(survivors[0] as Lane))).to.equal(3_150);
      const busy = new Life({ maxDeaths: 195, deathWindow: 10_000 });
      untilOpen(busy, () => busy.died({ ready: true }));
      expect(busy.restarts.failedStarts).to.equal(8);
    });

    it('count as one where they were started together', () => {
      const life = new Life({ maxDeaths: Infinity, deathWindow: 10_000 });
      for (let lane = 0; lane < 64; lane += 1) life.restarts.failed(10 + lane, { ready: false }, 0);
      expect([life.restarts.state, life.restarts.failedStarts]).to.deep.equal(['closed', 1]);
    });

    it('open it after 3 rounds that took 10 s, and not because another lane dies then', () => {
      const life = new Life({ maxDeaths: Infinity, deathWindow: 60_000 });
      for (life.now of [15_000, 30_000]) life.failed(life.start());
      expect(life.restarts.state).to.equal('closed');
      life.now = 45_000;
      life.died({ ready: true });
      expect(life.restarts.state).to.equal('closed');
      life.failed(life.start());
      expect(life.restarts.state).to.equal('open');
    });

    it('count anew once a lane was ready', () => {
      const life = new Life({ maxDeaths: Infinity, deathWindow: 10_000 });
      for (let round = 0; round < 100; round += 1) {
        life.now += 3_000;
        life.failed(life.start());
        if (round % 3 === 1) life.ready(life.start());
      }
      expect(life.restarts.state).to.equal('closed');
    });

    it('keep it open, ever longer, until one starts', () => {
      const life = new Life({ maxDeaths: Infinity, deathWindow: 10_000 });
      untilOpen(life);
      for (const ms of [20_000, 40_000, 60_000]) {
        life.now = life.restarts.dueAt;
        expect(life.mayStart()).to.equal(1);
        life.failed(life.start());
        expect(life.restarts.dueAt - life.now).to.equal(ms);
      }
      life.now = life.restarts.dueAt;
      const [lane] = life.fill();
      life.ready(lane as Lane);
      life.restarts.worked(lane as Lane);
      expect([life.restarts.state, life.restarts.failedStarts, life.mayStart()]).to.deep.equal([
        'closed',
        0,
        LANES,
      ]);
    });
  });

  it('takes lanes that die together for one step: the next of them waits no longer than the first', () => {
    const delays: number[] = [];
    const news = {
      restarting: (ms: number) => void delays.push(ms),
      breakerOpened() {},
      breakerTrial() {},
      breakerClosed() {},
    };
    const restarts = new Restarts<object>({ maxDeaths: Infinity, deathWindow: 10_000 }, news);
    for (let lane = 0; lane < 13; lane += 1) restarts.died(100 + lane, {}, 0);
    expect(new Set(delays)).to.deep.equal(new Set([0]));
    // Those that replaced them die, too.
    for (let lane = 0; lane < 13; lane += 1) restarts.died(200 + lane, {}, 150);
    expect(delays.slice(13)).to.deep.equal(Array.from({ length: 13 }, () => 50));
    restarts.died(400, {}, 300);
    expect(delays.at(-1)).to.equal(100);
  });
});
