/** M3: the chunks of a call: each once, in order, none after the end; the call settles once, after the last. */
import { expect } from 'chai';
import fc from 'fast-check';
import { HostFunctionError, ListenerError, NativeError } from '../../../src/errors.js';
import type { Ending } from '../../../src/supervisor/job.js';
import { FlowBench, turn } from './flow-bench.js';

/** What onChunk does with a chunk. */
type Deed = 'takes' | 'promises' | 'throws' | 'rejects';

type Step =
  | { readonly kind: 'arrive'; readonly count: number }
  /** A chunk comes just before the flow says that it wants one. */
  | { readonly kind: 'sneak' | 'read' | 'turn' | 'answer' | 'cancel' | 'leave' | 'late' }
  | { readonly kind: 'end'; readonly ending: 'succeeded' | 'failed' };

const step = (handled: boolean): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant('arrive' as const), count: fc.integer({ min: 1, max: 3 }) }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: 'sneak' as const }) },
    { weight: 8, arbitrary: fc.constant({ kind: handled ? ('answer' as const) : ('read' as const) }) },
    { weight: 6, arbitrary: fc.constant({ kind: 'turn' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'cancel' as const }) },
    { weight: handled ? 0 : 1, arbitrary: fc.constant({ kind: 'leave' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'late' as const }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('end' as const),
        ending: fc.constantFrom('succeeded' as const, 'failed' as const),
      }),
    },
  );

/** Takes a flow through its steps, as the host and native code would. */
class Run {
  readonly bench: FlowBench;
  arrived = 0;
  /** Chunks that the handler has been given, and its promises that are pending. */
  readonly #promises: (() => void)[] = [];
  /** Native code has returned. */
  over = false;
  dropped = false;
  stopped = false;
  #handling = 0;
  #rings = 0;

  constructor(deeds: readonly Deed[] | null, reports: boolean) {
    let given = 0;
    const onChunk = (chunk: unknown): unknown => {
      expect(this.#handling, 'the handler is done with the last one').to.equal(0);
      this.bench.log.push(chunk);
      given += 1;
      const deed = deeds?.[given % deeds.length];
      if (deed === 'throws') throw new Error(`threw at ${String(chunk)}`);
      if (deed === 'takes') return undefined;
      this.#handling += 1;
      return new Promise<void>((resolve, reject) => {
        this.#promises.push(() => {
          this.#handling -= 1;
          if (deed === 'rejects') reject(new Error(`rejected ${String(chunk)}`));
          else resolve();
        });
      });
    };
    this.bench = new FlowBench(deeds === null ? null : { onChunk, reports });
    this.bench.attach();
  }

  async step(one: Step): Promise<void> {
    const { bench } = this;
    const { channel, call } = bench;
    const running = !this.over;
    switch (one.kind) {
      case 'arrive':
        // Also after it was asked to stop: it has not noticed yet.
        if (!running) break;
        for (let count = 0; count < one.count; count += 1) channel.arrive(this.arrived++);
        break;
      case 'sneak':
        if (running && !channel.wanted) channel.sneak = () => this.arrived++;
        break;
      case 'read':
        bench.read();
        break;
      case 'answer':
        this.#promises.shift()?.();
        break;
      case 'cancel':
      case 'late':
        this.stopped ||= call.ending === null;
        this.dropped ||= call.ending === null;
        if (one.kind === 'cancel') call.cancel('tired');
        else if (call.lane === null && call.ending === null)
          call.settle('timed-out', undefined, new NativeError('unread.'));
        else call.cancel();
        break;
      case 'leave':
        this.stopped ||= call.ending === null;
        this.dropped = true;
        bench.flow.close();
        call.cancel('left');
        break;
      case 'end':
        this.end(one.ending);
        break;
      default:
        await turn();
    }
    this.#unsneak();
    if (bench.failures.length > 0) this.stopped = true;
    this.look();
  }

  /** The host looks when it has been rung, and at no other time. */
  look(): void {
    const { channel } = this.bench;
    if (this.over || channel.rings === this.#rings) return;
    this.#rings = channel.rings;
    this.bench.look();
    expect(channel.wanted && channel.hasChunks, 'a look takes what is rung for').to.equal(false);
  }

  end(ending: Ending): void {
    if (this.over) return;
    this.#unsneak(true);
    this.over = true;
    const error = ending === 'failed' ? new NativeError('it reported failure.') : undefined;
    this.bench.end(ending, error);
    expect(this.bench.channel.wanted, 'wanted of a lane that goes on with other calls').to.equal(false);
    expect(this.bench.channel.hasChunks, 'chunks left to the next call').to.equal(false);
  }

  /** A chunk that was to come in a moment that has not come, comes now. */
  #unsneak(now = false): void {
    const { channel } = this.bench;
    const { sneak } = channel;
    if (sneak === null || (!now && !channel.wanted)) return;
    channel.sneak = null;
    channel.arrive(sneak());
  }

  /** To the end: native code returns, every promise is answered, and readers read on. */
  async finish(handled: boolean): Promise<void> {
    const { bench } = this;
    await turn();
    this.look();
    await turn();
    if (!this.over && !this.stopped && !handled && bench.pending > 0) {
      expect(bench.channel.hasChunks, 'a chunk and a reader that waits for it').to.equal(false);
    }
    this.end('succeeded');
    for (let round = 0; bench.call.ending === null || this.#promises.length > 0; round += 1) {
      if (round > 500) expect.fail('the call does not settle');
      this.#promises.shift()?.();
      if (!handled) bench.read();
      await turn();
    }
    await turn();
    await turn();
  }
}

/** What holds in the end of every run. */
function expectWhole({ bench, arrived, dropped }: Run, handled: boolean): void {
  const { log, call } = bench;
  expect(bench.endings, 'settlements').to.have.length(1);
  expect(bench.pending, 'readers that were never answered').to.equal(0);
  const given = log.filter((entry) => typeof entry === 'number');
  expect(given, 'in order, each once').to.deep.equal(given.map((_, index) => index));
  const threw = handled && (bench.failures.length > 0 || call.ending === 'failed');
  if (!dropped && !threw) expect(given, 'all of them').to.have.length(arrived);
  const last = log.findLastIndex((entry) => typeof entry === 'number');
  if (!dropped) expect(log.indexOf('settled'), 'after the last chunk').to.be.above(last);
  const ends = log.findIndex((entry) => entry === 'done' || entry instanceof Error);
  if (ends >= 0) expect(last, 'no chunk after an end').to.be.below(ends);
  expect(log.filter((entry) => entry instanceof Error).length, 'errors told to readers').to.be.at.most(1);
}

describe('ChunkFlow', () => {
  it('readers get each chunk once and in order, whatever happens when', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step(false), { maxLength: 40, size: 'max' }), async (steps) => {
        const run = new Run(null, false);
        for (const one of steps) await run.step(one);
        await run.finish(false);
        expectWhole(run, false);
      }),
      { numRuns: 400 },
    );
  });

  it('a handler gets each chunk once and in order, one at a time, whatever it answers', async () => {
    const deeds = fc.array(
      fc.constantFrom<Deed>('takes', 'takes', 'promises', 'promises', 'throws', 'rejects'),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step(true), { maxLength: 40, size: 'max' }),
        deeds,
        fc.boolean(),
        async (steps, deeds, reports) => {
          const run = new Run(deeds, reports);
          for (const one of steps) await run.step(one);
          await run.finish(true);
          expectWhole(run, true);
          const { bench } = run;
          if (reports) expect(bench.failures).to.deep.equal([]);
          else expect(bench.reports).to.deep.equal([]);
          expect(bench.failures.length, 'failures told').to.be.at.most(1);
          expect(bench.failures.every((error) => error instanceof HostFunctionError)).to.equal(true);
          expect(bench.reports.every((error) => error instanceof ListenerError)).to.equal(true);
        },
      ),
      { numRuns: 400 },
    );
  });
});
