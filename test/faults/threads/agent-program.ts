/**
 * Programs whose lanes go wrong by JavaScript: each in a Node.js process of its
 * own, with the agent of `fixtures/agent.ts` in every thread.
 */
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type ProgramEnd, runProgram } from '../../helpers/program.js';

const agent = fileURLToPath(new URL('../../fixtures/agent.js', import.meta.url));
const source = (name: string): string =>
  JSON.stringify(new URL(`../../../src/${name}.js`, import.meta.url).href);

/** An error, as the program saw it. */
export interface SeenError {
  readonly name: string;
  readonly code?: string;
  readonly message: string;
  readonly exitCode?: number;
  readonly symbol?: string;
  readonly lane?: string;
  readonly hasCall: boolean;
  /** Null where there is none. */
  readonly cause: { readonly name: string; readonly message: string } | null;
}

/** What became of a call. */
export interface SeenRecord {
  readonly status: string;
  readonly value?: unknown;
  readonly error?: SeenError;
}

/** What the program reports of itself, last of all. */
export interface AgentReport {
  /** Of the calls that it kept an account of, in their order. */
  readonly records: readonly SeenRecord[];
  /** Lanes that came and went, in order: `crashed NAME`, `ready NAME`, `lost NAME`, `recovered NAME`. */
  readonly events: readonly string[];
  /** What the `lane-crashed` events told. */
  readonly crashes: readonly SeenError[];
  readonly stats: Readonly<Record<string, number>> & {
    readonly lanes: Readonly<Record<string, number>>;
  };
  /** Whatever else the program noted. */
  readonly notes: Readonly<Record<string, unknown>>;
}

/**
 * What programs start with, beside what `program.ts` gives:
 *
 *   start(options, more)    a pool, its functions, and more of them
 *   tell(lane, fault, …)    commands the agent in the thread of a lane
 *   plan(fault, times, …)   of threads that are still to start, whichever comes first; `planned(n)` awaits it
 *   keep(call)              takes an account of a call; `settled()` awaits them
 *   crashed(n)              resolves at the n-th death
 *   report()                ends the program's part
 *
 * It neither closes its pool nor exits: it has to end by itself, with code 5.
 */
const prelude = (engine: string): string => `
  import { BroadcastChannel, setEnvironmentData } from 'node:worker_threads';
  import { callback, chunks, out } from ${source('index')};
  import { Bell, BELL_BYTES, Header, HEADER_BYTES, Interrupt, ROW_WORDS, RowWord } from ${source('shared/memory/layout')};
  import { Channel, channelStart } from ${source('shared/memory/channel')};
  import { poolSettings } from ${source('options/pool-options')};
  process.exitCode = 5;
  const { rows, arenaBytes, chunkBytes, batchBytes } = poolSettings({}).tuning;
  /** Index of a word of a lane's memory: of its first row, of its channel. */
  const inRow = (word, row = 0) => HEADER_BYTES / 4 + row * ROW_WORDS + word;
  const inChannel = (word) => channelStart({ rows, arenaBytes, chunkBytes, batchBytes }) / 4 + word;
  const word = () => new Int32Array(new SharedArrayBuffer(4));
  const describe = (error) => error === undefined ? undefined : {
    name: error.name, code: error.code, message: error.message, exitCode: error.exitCode,
    symbol: error.symbol, lane: error.lane, hasCall: typeof error.call === 'number',
    cause: error.cause === undefined ? null : { name: error.cause.name, message: error.cause.message },
  };
  /** What has a pool's lanes load the agent. */
  const AGENT = ['--require', ${JSON.stringify(agent)}];
  const accounts = [], events = [], crashes = [], workers = [], notes = {};
  process.on('worker', (worker) => workers.push(worker));
  let thePool;
  const watch = (pool) => {
    thePool = pool;
    for (const event of ['ready', 'crashed', 'lost', 'recovered']) {
      pool.on('lane-' + event, ({ lane, error }) => {
        events.push(event + ' ' + lane);
        if (event === 'crashed') crashes.push(describe(error));
      });
    }
  };
  const start = async (options = {}, more = {}) => {
    const { pool, lib } = await open({ execArgv: AGENT, ...options });
    await until(() => pool.stats().lanes.starting === 0, 'all lanes');
    watch(pool);
    const rest = await pool.open(TESTLIB, more, { engine: ${JSON.stringify(engine)} });
    return { pool, lib: { ...lib, ...rest } };
  };
  const until = async (holds, what) => {
    const from = performance.now();
    while (!holds()) {
      if (performance.now() - from > 8_000) { say('waited in vain for ' + what); process.exit(99); }
      await sleep(1);
    }
  };
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const crashed = (count = 1) => until(() => crashes.length >= count, count + ' deaths');
  const keep = (call) => (accounts.push(call.settled()), call);
  const settled = () => Promise.all(accounts);
  const data = { times: word(), begun: word(), go: word() };
  const plan = (fault, times, step) => {
    Atomics.store(data.times, 0, times);
    setEnvironmentData('offthread-test-agent', { ...data, fault, step });
  };
  const planned = (count = 1) => until(() => Atomics.load(data.begun, 0) >= count, 'what was planned');
  const goOn = () => (Atomics.store(data.go, 0, 1), Atomics.notify(data.go, 0));
  let commands = 0;
  /** Resolves when the agent is in place: \`begun\` says that it goes wrong, \`end()\` ends its thread. */
  const tell = (thread, fault, step) => new Promise((resolve) => {
    commands += 1;
    const id = commands;
    const channel = new BroadcastChannel('offthread-test-agent');
    const state = { begun: false };
    channel.onmessage = ({ data }) => {
      if (data.id !== id) return;
      if (data.begun) { state.begun = true; channel.close(); return; }
      state.end = () => workers.find(({ threadId }) => threadId === data.threadId).terminate();
      state.met = () => until(() => state.begun, fault);
      channel.unref();
      resolve(state);
    };
    channel.postMessage({ id, thread, fault, step });
  });
  const report = async () => {
    const ends = await settled();
    const records = ends.map(({ status, value, error }) => ({ status, value, error: describe(error) }));
    await until(() => thePool.stats().lanes.starting === 0, 'the new lanes');
    say(JSON.stringify({ records, events, crashes, notes, stats: thePool.stats() }));
    mark();
  };
`;

export interface AgentEnd extends ProgramEnd, AgentReport {}

/** For programs that fill the JavaScript heap of a lane. */
export const SMALL_HEAP: readonly string[] = ['--max-old-space-size=48'];

/**
 * Runs a program to its end. That has to come by itself, with the program's own
 * exit code and nothing printed but the report. The counts have to add up, each
 * death has to be told once, and the lanes all have to be there again.
 */
export async function runAgent(
  engine: string,
  code: string,
  args: readonly string[] = [],
): Promise<AgentEnd> {
  const end = await runProgram(engine, prelude(engine) + code, args);
  const { stdout, stderr, signal } = end;
  expect({ code: end.code, signal, stderr }, stdout).to.deep.equal({ code: 5, signal: null, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines, `one line: ${stdout}`).to.have.lengthOf(1);
  expect(lines[0], 'the program came to its end').to.match(/^\{/);
  const said = JSON.parse(lines[0] as string) as AgentReport;
  expect(end.sinceMark, 'the process ends at once').to.be.below(3_000);
  const { submitted, succeeded = 0, failed = 0, cancelled = 0, timedOut = 0, ...other } = said.stats;
  expect(other).to.include({ queued: 0, running: 0, waiting: 0, listenerErrors: 0 });
  expect(submitted, 'every call ended, once').to.equal(succeeded + failed + cancelled + timedOut);
  expect(said.stats.lanes).to.deep.include({ starting: 0, busy: 0 });
  const dead = said.events.filter((event) => event.startsWith('crashed '));
  expect(new Set(dead).size, 'every death is told once').to.equal(dead.length);
  expect(said.crashes.map(({ lane }) => `crashed ${lane}`)).to.deep.equal(dead);
  expect(said.stats['lanesCrashed']).to.equal(dead.length);
  return { ...end, ...said };
}

/** What an error of a lane's death says of it, besides. */
export interface Verdict {
  readonly exitCode?: number;
  /** What its message says happened. */
  readonly says: RegExp;
  /** `NAME: message` of what was thrown; null where nothing was. */
  readonly cause: string | null;
}

/** It is the error of a lane's death, says what happened and what to do, and keeps what was thrown. */
export function expectVerdict(error: SeenError | undefined, { exitCode, says, cause }: Verdict): void {
  expect(error?.name).to.equal('LaneCrashedError');
  expect(error?.code).to.equal('OFFTHREAD_LANE_CRASHED');
  expect(error?.lane).to.match(/^offthread-\d+$/);
  expect(error?.message).to.match(says);
  // What happened, why, what to do, what became of the others.
  expect(error?.message.split(/[.?] (?=[A-Z`])/).length, error?.message).to.be.at.least(3);
  expect(error?.exitCode).to.equal(exitCode);
  const thrown = error?.cause ?? null;
  expect(thrown === null ? null : `${thrown.name}: ${thrown.message}`).to.equal(cause);
}
