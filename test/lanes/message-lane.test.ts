/** B2: lanes that share no memory with their host, and what is special about them. */
import { execFileSync } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { expect } from 'chai';
import {
  ArgumentError,
  DeadlockError,
  EngineError,
  LaneCrashedError,
  type PoolOptions,
  callback,
  chunks,
  createPool,
  inout,
  sharedBytes,
} from '../../src/index.js';
import { takeAnswer } from '../../src/lanes/call-crate.js';
import type { Death } from '../../src/lanes/death.js';
import type { DeclaredFunction } from '../../src/lanes/rows/declared-function.js';
import { LaneRing } from '../../src/lanes/rows/lane-ring.js';
import { MessageBell } from '../../src/lanes/message-bell.js';
import { MessageLane } from '../../src/lanes/message-lane.js';
import { PrivateBytes } from '../../src/lanes/private-bytes.js';
import type { Ticket } from '../../src/lanes/rows/ticket.js';
import { readReturned } from '../../src/lanes/rows/unpack.js';
import { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import { Header, Phase, ROW_BYTES } from '../../src/shared/memory/layout.js';
import { State } from '../../src/shared/memory/states.js';
import { rejection, thrown } from '../helpers/contract.js';
import { orphansOf, startProgram } from '../helpers/fault-program.js';
import { eventually } from '../helpers/faults.js';
import { runProgram } from '../helpers/program.js';
import { BYTES, CHUNK, NUMBER } from '../helpers/talk.js';
import { testlib } from '../helpers/testlib.js';
import { declare } from './fixture.js';

const ENGINE = { engine: 'koffi' } as const;
const KILL_ONLY: PoolOptions = { isolation: 'process', control: 'kill-only', lanes: 1, spares: 0 };
const FUNCTIONS = {
  ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
  ot_sleep_ms: { arguments: ['i32'], return: 'i32' },
  ot_hang: { arguments: [], return: 'i32' },
  ot_process_id: { arguments: [], return: 'i32' },
  ot_spin_with_progress: { arguments: ['cancelFlag', 'progress', 'i32', 'i32'], return: 'i32' },
} as const;

/** A pool of one such lane, for one test. */
async function withPool(
  options: PoolOptions,
  test: (lib: Awaited<ReturnType<typeof open>>, pool: ReturnType<typeof createPool>) => Promise<void>,
): Promise<void> {
  const pool = createPool({ ...KILL_ONLY, ...options });
  try {
    await test(await open(pool), pool);
  } finally {
    await pool.close({ timeout: 2_000 });
  }
}

const open = (pool: ReturnType<typeof createPool>) => pool.open(testlib, FUNCTIONS, ENGINE);

const add = declare({ symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' }, testlib);
const sleep = declare({ symbol: 'ot_sleep_ms', arguments: ['i32'], return: 'i32' }, testlib);

/** A lane by itself, and calls written into it by hand. */
class Lab {
  readonly deaths: Death[] = [];
  readonly lane = new MessageLane<Ticket>(
    {
      name: 'lab',
      arenaBytes: 65_536,
      bell: new MessageBell(),
      stackSizeMb: 4,
      start: { execPath: process.execPath, execArgv: [], env: process.env as Record<string, string> },
      passStderr: false,
    },
    { crashed: (_, death) => this.deaths.push(death), ended: () => {} },
  );
  #id = 0;

  async start(): Promise<this> {
    this.lane.hold(true);
    this.announce(add, sleep);
    await this.lane.setUp();
    await eventually(() => this.lane.announcedReady, 'the lane to start');
    return this;
  }

  announce(...fns: readonly DeclaredFunction[]): void {
    const functions = fns.map(({ number, compiled }) => ({ number, spec: compiled.spec }));
    this.lane.announce({ kind: 'library', path: testlib, engine: 'koffi', terms: null, functions });
  }

  /** Gives the lane a call. @returns its row, and its id. */
  call(fn: DeclaredFunction, ...args: readonly unknown[]): { sequence: number; id: number } {
    this.#id += 1;
    const { ring } = this.lane;
    const sequence = ring.write({ id: this.#id, fn, args, highWaterMark: 0, items: null }, false);
    if (sequence === undefined) throw new Error('it has a call already');
    this.lane.wake();
    return { sequence, id: this.#id };
  }

  /** Resolves when the lane is done with its call; gives its row back. */
  async over(): Promise<State> {
    const { ring } = this.lane;
    await eventually(() => ring.done === ring.tail, 'the call to be over');
    const state = ring.state(ring.head);
    ring.free();
    return state;
  }
}

async function withLab(test: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = new Lab();
  try {
    await test(await lab.start());
  } finally {
    await lab.lane.end();
  }
}

describe('MessageLane (B2)', function () {
  this.timeout(30_000);

  it('has room for one call, which runs as far as anybody knows from the moment it is sent', async () => {
    await withLab(async (lab) => {
      const { ring } = lab.lane;
      const { sequence } = lab.call(add, 40, 2);
      expect(ring.state(sequence)).to.equal(State.running);
      expect(ring.startedAt(sequence)).to.be.within(performance.now() - 1_000, performance.now());
      expect(() => lab.call(add, 1, 1)).to.throw('it has a call already');
      await eventually(() => ring.done === ring.tail, 'the answer');
      expect(readReturned(ring.memory, sequence, ring.payload(sequence), add, null)).to.equal(42);
      expect(ring.endedAt(sequence)).to.be.at.least(ring.startedAt(sequence));
      expect(await lab.over()).to.equal(State.succeeded);
    });
  });

  it('a late answer, after the call was given up, reaches nobody', async () => {
    await withLab(async (lab) => {
      const { ring, inbox } = lab.lane;
      const { sequence, id } = lab.call(sleep, 30);
      expect(ring.transition(sequence, id, State.running, State.lost)).to.equal(true);
      expect(await lab.over()).to.equal(State.lost);
      expect(inbox.answer(id)).to.equal(undefined);
      const next = lab.call(add, 1, 2);
      expect(next.sequence).to.not.equal(sequence);
      expect(await lab.over()).to.equal(State.succeeded);
    });
  });

  it('a call that waits until its lane has bound a library is queued: cancelled, it never starts', async () => {
    await withLab(async (lab) => {
      const { ring } = lab.lane;
      const before = (await lab.lane.report()).calls;
      lab.announce(declare({ symbol: 'ot_nothing', arguments: [], return: 'void' }, testlib));
      const cancelled = lab.call(sleep, 10_000);
      expect(ring.state(cancelled.sequence)).to.equal(State.queued);
      ring.transition(cancelled.sequence, cancelled.id, State.queued, State.cancelled);
      expect(await lab.over()).to.equal(State.cancelled);
      expect((await lab.lane.report()).calls).to.equal(before);

      lab.announce(declare({ symbol: 'ot_nothing', arguments: [], return: 'void' }, testlib));
      const patient = lab.call(add, 1, 2);
      expect(ring.state(patient.sequence)).to.equal(State.queued);
      expect(await lab.over()).to.equal(State.succeeded);
    });
  });

  it('a call that was sent to a lane which had died comes back; one that had begun does not', async () => {
    await withLab(async (lab) => {
      const { lane } = lab;
      process.kill(lane.pid as number, 'SIGKILL');
      const dead = performance.now() + 50;
      while (performance.now() < dead);
      const { sequence } = lab.call(add, 1, 2);
      expect(lane.ring.state(sequence)).to.equal(State.running);
      await eventually(() => lab.deaths.length === 1, 'its death');
      expect(lab.deaths[0]).to.include({ signal: 'SIGKILL', phase: 'idle' });
      expect(lane.ring.withdraw()).to.have.lengthOf(1);
    });
    await withLab(async (lab) => {
      const { ring } = lab.lane;
      const { sequence } = lab.call(sleep, 10_000);
      await eventually(() => ring.memory.i32[Header.PHASE] === Phase.CALL, 'the call to begin');
      process.kill(lab.lane.pid as number, 'SIGKILL');
      await eventually(() => lab.deaths.length === 1, 'its death');
      expect(lab.deaths[0]).to.include({ signal: 'SIGKILL', phase: 'call' });
      expect(ring.state(sequence)).to.equal(State.running);
      expect(ring.withdraw()).to.have.lengthOf(0);
    });
  });

  it('takes what has come without the event loop, before calls are judged by the time', async () => {
    await withLab(async (lab) => {
      const { ring } = lab.lane;
      const { sequence } = lab.call(add, 1, 2);
      const answered = performance.now() + 2_000;
      while (ring.done !== ring.tail && performance.now() < answered) lab.lane.catchUp();
      expect(ring.state(sequence)).to.equal(State.succeeded);
    });
  });

  it('an answer that is none is refused, and changes nothing', () => {
    const ring = new LaneRing<Ticket>(
      new LaneMemory({ rows: 1, arenaBytes: 4_096, chunkBytes: 64, batchBytes: 0 }),
      new PrivateBytes(),
    );
    const sequence = ring.write(
      { id: 1, fn: add, args: [1, 2], highWaterMark: 0, items: null },
      false,
    ) as number;
    const payload = Uint8Array.from(ring.payloadBytes(sequence));
    const row = new Uint8Array(ROW_BYTES);
    const answers = [[], [row], [row, payload.subarray(1)], [row.subarray(4), payload], [row, payload]];
    for (const answer of answers) {
      expect(() => takeAnswer(ring, sequence, [], answer)).to.throw('it sent an answer');
      expect(() => takeAnswer(ring, sequence, [new Uint8Array(1)], answer)).to.throw('it sent an answer');
    }
    expect(ring.state(sequence)).to.equal(State.queued);
    expect(ring.outcome(sequence)).to.equal(0);
  });

  it('what native code writes to its socket is the end of its lane, and of nothing else', async function () {
    if (process.platform !== 'linux') this.skip();
    await withPool({}, async (lib, pool) => {
      const { write } = await pool.open(
        'libc.so.6',
        { write: { arguments: ['i32', 'buffer', 'u64'], return: 'i64' } },
        ENGINE,
      );
      const garbage = Buffer.alloc(100, 'garbage');
      const error = await rejection(write(4, garbage, 100n), LaneCrashedError);
      expect(error.message).to.match(/disorder/);
      expect(await lib.ot_add(1, 2)).to.equal(3);
    });
  });

  it('brings bytes back, inout ones and shared ones, and leaves the others alone', async () => {
    const pool = createPool(KILL_ONLY);
    try {
      const lib = await pool.open(
        testlib,
        {
          plain: { symbol: 'ot_xor_bytes', arguments: ['buffer', 'u32', 'u8'], return: 'void' },
          back: { symbol: 'ot_xor_bytes', arguments: [inout('buffer'), 'u32', 'u8'], return: 'void' },
        },
        ENGINE,
      );
      for (const size of [0, 1, 100, 5_000, 300_000]) {
        const own = new Uint8Array(size).fill(1);
        await lib.plain(own, size, 3);
        expect(
          own.every((byte) => byte === 1),
          `${size}, not inout`,
        ).to.equal(true);
        const views: Uint8Array[] = [own, new Uint8Array(new SharedArrayBuffer(size + 8), 3, size).fill(1)];
        if (size > 0) views.push(sharedBytes(size).fill(1));
        for (const view of views) {
          await (view === own ? lib.back : lib.plain)(view, size, 3);
          expect(
            view.every((byte) => byte === 2),
            `${size}, ${view.buffer.constructor.name}`,
          ).to.equal(true);
        }
      }
    } finally {
      await pool.close();
    }
  });

  it('native code has its flag and its progress; the host hears of it when the call is over', async () => {
    await withPool({}, async (lib) => {
      const call = lib.ot_spin_with_progress(10, 10);
      await eventually(() => call.state === 'running', 'the call to run');
      expect(call.progress).to.deep.equal({ done: 0, total: 0 });
      await call;
      expect(call.progress).to.deep.equal({ done: 10, total: 10 });
    });
  });

  it('tells that a call has started while it runs', async () => {
    await withPool({}, async (lib) => {
      const started: unknown[] = [];
      const hear = (trace: unknown): void => void started.push(trace);
      const told = channel('tracing:offthread:call:started');
      told.subscribe(hear);
      try {
        const call = lib.ot_sleep_ms(5_000);
        await eventually(() => started.length === 1, 'the start to be told', 4_000);
        expect(call.state).to.equal('running');
        call.cancel();
        await call.settled();
      } finally {
        told.unsubscribe(hear);
      }
    });
  });

  it('a call that was cancelled is rejected at once, its process ends, and the next one runs in another', async () => {
    await withPool({ timeout: 0 }, async (lib, pool) => {
      const pid = await lib.ot_process_id();
      const call = lib.ot_spin_with_progress(60_000, 1_000);
      await eventually(() => call.state === 'running', 'the call to run');
      call.cancel();
      const { error } = await call.settled();
      expect(error?.message).to.match(/which was killed.*shares none/);
      expect(await lib.ot_process_id()).to.not.equal(pid);
      expect(pool.stats()).to.deep.include({ lanesLost: 1, lanesKilled: 1, lanesCrashed: 0, cancelled: 1 });
    });
  });
});

describe('what cannot be done without shared memory (B2)', function () {
  this.timeout(30_000);

  it('is not for threads, and has two values', async () => {
    for (const options of [{ control: 'kill-only' }, { isolation: 'thread', control: 'kill-only' }]) {
      expect(thrown(() => createPool(options as PoolOptions), ArgumentError).message).to.match(/control/);
    }
    const wrong = { isolation: 'process', control: 'none' } as unknown as PoolOptions;
    expect(thrown(() => createPool(wrong), ArgumentError).message).to.match(/'shared', 'kill-only'/);
    const threads = createPool({ control: 'shared', lanes: 1 });
    expect(threads.stats().control).to.equal('shared');
    await threads.close();
  });

  it('blocking calls are refused before anything is dispatched', async () => {
    await withPool({}, async (lib, pool) => {
      const error = thrown(() => lib.ot_add.blocking(1, 2), DeadlockError);
      expect(error).to.include({ symbol: 'ot_add', code: 'OFFTHREAD_DEADLOCK' });
      expect(error.message).to.match(/kill-only.*Await the call/);
      expect(pool.stats()).to.include({ submitted: 0, refused: 1, running: 0, queued: 0 });
      expect(await lib.ot_add(1, 2)).to.equal(3);
    });
  });

  it('functions whose native code calls back are refused when they are opened, in whatever way', async () => {
    await withPool({}, async (lib, pool) => {
      const talking = {
        callback: [callback(NUMBER), 'i32'],
        chunks: [chunks(CHUNK, BYTES), 'i32', 'i32'],
        cancelProbe: ['cancelProbe', 'i32'],
      };
      for (const types of Object.values(talking)) {
        const declarations = {
          ot_add: FUNCTIONS.ot_add,
          talks: { symbol: 'ot_add', arguments: types, return: 'i32' },
        };
        const error = await rejection(pool.open(testlib, declarations as never, ENGINE), EngineError);
        expect(error).to.include({ code: 'OFFTHREAD_ENGINE_UNSUPPORTED', symbol: 'talks' });
        expect(error.message).to.match(/memory that its lane shares/);
      }
      expect(await lib.ot_add(1, 2)).to.equal(3);
    });
  });
});

describe('processes with lanes that share no memory (B2, B3)', function () {
  this.timeout(40_000);

  it('end when they have nothing to do, and not before: an idle pool lets its process go', async () => {
    const end = await runProgram(
      'koffi',
      `
        const { lib, pool } = await open({ isolation: 'process', control: 'kill-only', spares: 1 });
        say(pool.stats().control);
        say(await lib.ot_add(1, 2));
        lib.ot_sleep_ms(300).then(() => { say('answered'); mark(); });
      `,
    );
    expect(end).to.include({ code: 0, signal: null, stderr: '', stdout: 'kill-only\n3\nanswered\n' });
    expect(end.sinceMark).to.be.below(2_000);
  });

  it('take their lanes along when they are killed, idle ones and those in native code', async () => {
    const program = startProgram(
      { isolation: 'process', engine: 'koffi' },
      `
        const { lib } = await open({ control: 'kill-only', lanes: 2, spares: 0 });
        lib.ot_hang().catch(() => {});
        await turn(300);
        say('stuck');
        rest();
      `,
    );
    await program.said('stuck');
    const lanes = program.lanes();
    expect(lanes).to.have.lengthOf.at.least(1);
    program.kill();
    await program.ended;
    expect(await orphansOf(lanes)).to.deep.equal([]);
  });

  it('have such lanes by themselves where no memory can be shared', function () {
    if (process.platform !== 'linux') this.skip();
    const index = new URL('../../src/index.js', import.meta.url).href;
    const code = `
      import { createPool } from ${JSON.stringify(index)};
      const pool = createPool({ isolation: 'process', lanes: 1, spares: 0 });
      const functions = { ot_add: { arguments: ['i32', 'i32'], return: 'i32' } };
      const lib = await pool.open(${JSON.stringify(testlib)}, functions, { engine: 'koffi' });
      console.log(pool.stats().control, await lib.ot_add(1, 2));
      await pool.close();
    `;
    // No file may have any content: none can be shared.
    const node = [process.execPath, '--input-type=module', '-e', code];
    const said = execFileSync('sh', ['-c', 'ulimit -f 0; exec "$0" "$@"', ...node], { encoding: 'utf8' });
    expect(said).to.equal('kill-only 3\n');
  });
});
