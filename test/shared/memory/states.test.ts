/** M1, M2: the call table's transition function against a simple model, with host and lane as actors. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  State,
  generationIn,
  generationOf,
  stateIn,
  stateWord,
  transition,
  transitions,
} from '../../../src/shared/memory/states.js';

const GENERATIONS = 2 ** 28;
const names = Object.keys(State) as (keyof typeof State)[];
const states = Object.values(State);
const endings = states.filter((state) => transitions[state] === undefined);

/** Generations next to the wraps and to the sign bit of the word, and any other. */
const generation = fc.oneof(
  fc.constantFrom(0, 1, GENERATIONS / 2 - 1, GENERATIONS / 2, GENERATIONS - 2, GENERATIONS - 1),
  fc.integer({ min: 0, max: GENERATIONS - 1 }),
);

/** What an actor may try: [from, to]. */
const hostMoves = [
  [State.queued, State.cancelled],
  [State.queued, State.timedOut],
  [State.queued, State.withdrawn],
  [State.running, State.cancelling],
  [State.running, State.timingOut],
  [State.running, State.lost],
  [State.cancelling, State.lost],
  [State.timingOut, State.lost],
] as const;
const laneMoves = [
  [State.queued, State.running],
  [State.running, State.succeeded],
  [State.running, State.failed],
  [State.cancelling, State.cancelled],
  [State.timingOut, State.timedOut],
] as const;
const moves = [...hostMoves, ...laneMoves];

function wordWith(generation: number, state: State): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(4));
  Atomics.store(words, 0, stateWord(generation, state));
  return words;
}

describe('call table states (M1, M2)', () => {
  it('the moves of host and lane are exactly the table of transitions', () => {
    const listed = Object.entries(transitions).flatMap(([from, tos]) => tos.map((to) => `${from}>${to}`));
    expect(moves.map(([from, to]) => `${from}>${to}`).toSorted()).to.deep.equal(listed.toSorted());
    expect(new Set(states).size, 'every state has its own number').to.equal(names.length);
    expect(endings).to.have.members([
      State.succeeded,
      State.failed,
      State.cancelled,
      State.timedOut,
      State.lost,
      State.withdrawn,
    ]);
  });

  it('a word holds a state and a generation without mixing them', () => {
    fc.assert(
      fc.property(generation, fc.constantFrom(...states), (one, state) => {
        const word = stateWord(one, state);
        expect(word).to.equal(word | 0, 'an Int32, so that it compares with what Atomics gives');
        expect(stateIn(word)).to.equal(state);
        expect(generationIn(word)).to.equal(one);
      }),
    );
  });

  it('a row that was never written is in no state', () => {
    const fresh = new Int32Array(new SharedArrayBuffer(4));
    for (const [from, to] of moves) expect(transition(fresh, 0, 0, from, to)).to.equal(false);
    expect(Atomics.load(fresh, 0)).to.equal(0);
  });

  it('generations repeat after 2^28 ids, and ids go on past 2^32', () => {
    expect(generationOf(GENERATIONS)).to.equal(0);
    expect(generationOf(2 ** 32)).to.equal(0);
    expect(generationOf(2 ** 52)).to.equal(0);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 52 }), (id) => {
        expect(generationOf(id)).to.equal(Number(BigInt(id) & 0xfff_ffffn));
      }),
    );
  });

  it('only the move that fits wins, for every pair of state and move', () => {
    for (const at of [0, 1, GENERATIONS / 2, GENERATIONS - 1]) {
      for (const state of states) {
        for (const [from, to] of moves) {
          const words = wordWith(at, state);
          expect(transition(words, 0, at, from, to), `${state}: ${from} to ${to}`).to.equal(state === from);
          expect(words[0]).to.equal(stateWord(at, state === from ? to : state));
        }
      }
    }
  });

  it('a call ends once, whatever its actors try and in whatever order; stale ones never win', () => {
    const attempt = fc.record({
      move: fc.constantFrom(...moves),
      /** 0: the call that has the row; others: earlier and later ones of the same row. */
      age: fc.constantFrom(0, 0, 0, 0, 1, 2, -1, 2 ** 27, 1_024, -1_024),
      /** Give the row to the next call when it has ended. */
      reuse: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer({ min: 2 ** 32 - 40, max: 2 ** 32 + 1 }),
          fc.integer({ min: GENERATIONS - 40, max: GENERATIONS + 1 }),
          fc.integer({ min: GENERATIONS / 2 - 40, max: GENERATIONS / 2 }),
          fc.integer({ min: 1, max: 2 ** 52 - 2_000 }),
        ),
        fc.array(attempt, { maxLength: 200, size: 'max' }),
        (first, attempts) => {
          let id = first;
          let model: State = State.queued;
          let ended = 0;
          const words = wordWith(generationOf(id), State.queued);
          for (const { move, age, reuse } of attempts) {
            const [from, to] = move;
            const tried = generationOf(Math.max(0, id - age));
            const mine = tried === generationOf(id);
            const won = transition(words, 0, tried, from, to);
            expect(won).to.equal(mine && from === model);
            if (won) model = to;
            const isEnding = endings.includes(model);
            if (won && isEnding) ended += 1;
            expect(ended).to.equal(isEnding ? 1 : 0);
            expect(words[0]).to.equal(stateWord(generationOf(id), model));
            if (!isEnding || !reuse) continue;
            id += 1;
            model = State.queued;
            ended = 0;
            Atomics.store(words, 0, stateWord(generationOf(id), State.queued));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('every call can come to an end from every state that it can be in', () => {
    for (const state of states) {
      if (endings.includes(state)) continue;
      const reachable = new Set<State>([state]);
      for (const one of reachable) for (const next of transitions[one] ?? []) reachable.add(next);
      expect([...reachable].some((one) => endings.includes(one))).to.equal(true);
    }
  });
});
