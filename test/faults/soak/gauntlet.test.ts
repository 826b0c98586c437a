/**
 * B2, B3: the six faults of the gauntlet, each in a program of its own, so that it shows who dies. Every call settles
 * with an error that names what happened, the next one is answered soon, and the program ends at once.
 *
 * What JavaScript of somebody else's does in a lane (process.exit, errors after the call, a full heap) is in
 * lane-javascript.test.ts; here it is native code.
 */
import { expect } from 'chai';
import { type FamilyEnd, runFamily } from '../../helpers/fault-program.js';
import { type Ground, onBothLanes } from '../../helpers/faults.js';
import { sample, slow } from '../../helpers/fast-run.js';
import type { LaneKind } from '../../helpers/lane-kind.js';

/** ms from the settlement of the fault to the next answer, on a machine that is slow and busy. */
const NEXT_MS = 3_000;
const AT_ONCE_MS = 2_500;

/** What the program tells: of each call that met the fault, and of the first call after. */
interface Told {
  readonly faults: readonly {
    status: string;
    kind?: string;
    signal?: string;
    exitCode?: number;
    text: string;
  }[];
  /** What the event of a lane's death told, where there was one. */
  readonly deaths: readonly { phase?: string; signal?: string; exitCode?: number }[];
  readonly sum: number;
  readonly nextMs: number;
  readonly firstMs: number;
}

interface Fault {
  readonly name: string;
  /** Resolves to an array of the records of the calls that meet it. */
  readonly code: string;
  readonly expected: object;
  /** What the error's text has to name. */
  readonly names: RegExp;
  readonly deaths?: object;
  /** Codes and signals that a program with threads may end by, where they cannot survive it; by default they do. */
  readonly thread?: readonly (string | number)[];
  readonly only?: LaneKind;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'both lanes hang in native code',
    code: 'const hung = [await stick(lib, { timeout: 300 }), await stick(lib, { timeout: 300 })]; return Promise.all(hung.map(({ call }) => call.settled()));',
    expected: { status: 'timed-out', kind: 'timeout' },
    names: /300 ms/,
  },
  {
    name: 'a segfault',
    code: 'return [await lib.ot_die(11).settled()];',
    expected: { status: 'failed', kind: 'crash', signal: 'SIGSEGV' },
    names: /SIGSEGV/,
    deaths: { phase: 'call', signal: 'SIGSEGV' },
    thread: ['SIGSEGV'],
  },
  {
    name: 'a stack overflow in native code',
    code: "const deep = await pool.open(TESTLIB, { ot_use_stack: { arguments: ['i32'], return: 'i32' } }, { engine }); return [await deep.ot_use_stack(1_000_000).settled()];",
    expected: { status: 'failed', kind: 'crash', signal: 'SIGSEGV' },
    names: /SIGSEGV/,
    deaths: { phase: 'call', signal: 'SIGSEGV' },
    thread: ['SIGSEGV'],
  },
  {
    name: 'exit(3)',
    code: 'return [await lib.ot_die(1003).settled()];',
    expected: { status: 'failed', kind: 'crash', exitCode: 3 },
    names: /code 3\b/,
    deaths: { phase: 'call', exitCode: 3 },
    // Whatever exit handlers do on a thread that is not the first.
    thread: [3, 'SIGSEGV', 'SIGABRT'],
  },
  {
    name: 'a crash after the call has returned',
    code: `const how = words();
      const died = new Promise((resolve) => pool.once('lane-crashed', resolve));
      const record = await lib.ot_die_behind(how, 9_000).settled();
      Atomics.store(how, 0, 6);
      await died;
      return [record];`,
    expected: { status: 'succeeded' },
    names: /^$/,
    deaths: { phase: 'idle', signal: 'SIGABRT' },
    only: 'process',
  },
  {
    name: 'no memory left in native code',
    code: 'await lib.ot_limit_memory(200); return [await lib.ot_take_memory(100_000).settled()];',
    expected: { status: 'failed', kind: 'crash', signal: 'SIGABRT' },
    names: /SIGABRT/,
    deaths: { phase: 'call', signal: 'SIGABRT' },
    thread: ['SIGABRT'],
  },
  {
    name: 'a result that cannot be read',
    code: 'return [await lib.ot_bad_text().settled()];',
    expected: { status: 'failed', kind: 'crash', signal: 'SIGSEGV' },
    names: /SIGSEGV/,
    deaths: { phase: 'answer', signal: 'SIGSEGV' },
    thread: ['SIGSEGV'],
  },
  {
    name: 'a result that no JavaScript string can hold',
    code: 'return [await lib.ot_endless_text(600).settled()];',
    expected: { status: 'failed', kind: 'engine' },
    names: /^(?!.*nothing reached native code).*string longer/s,
  },
];

const program = ({ code }: Fault): string => `
  const { pool, lib } = await open({ lanes: 2, grace: 50 });
  const deaths = [];
  pool.on('lane-crashed', ({ error: { phase, signal, exitCode } }) => deaths.push({ phase, signal, exitCode }));
  await lib.ot_add(1, 2);
  const meet = async () => { ${code} };
  const start = performance.now();
  const records = await meet();
  const settled = performance.now();
  const sum = await lib.ot_add(20, 22);
  const nextMs = performance.now() - settled;
  const faults = records.map(({ status, kind, error }) => ({
    status, kind, signal: error?.signal, exitCode: error?.exitCode, text: error?.message ?? '',
  }));
  say(JSON.stringify({ faults, deaths, sum, nextMs, firstMs: settled - start }));
  mark();
  process.exit(0);
`;

function expectSurvival({ expected, names, deaths }: Fault, end: FamilyEnd): void {
  expect(end).to.include({ code: 0, signal: null });
  const told = JSON.parse(end.stdout) as Told;
  expect(told.faults.length).to.be.at.least(1);
  for (const fault of told.faults) {
    expect(fault).to.include(expected);
    expect(fault.text).to.match(names);
  }
  if (deaths !== undefined) {
    expect(told.deaths).to.have.lengthOf(1);
    expect(told.deaths[0]).to.include(deaths);
  }
  expect(told.sum).to.equal(42);
  expect(told.nextMs, 'the next answer').to.be.below(NEXT_MS);
  expect(end.sinceMark, 'the exit').to.be.below(AT_ONCE_MS);
  expect([...end.orphans]).to.deep.equal([]);
}

onBothLanes('the gauntlet (B2, B3)', (ground: Ground) => {
  for (const fault of sample(FAULTS, 4)) {
    if (fault.only !== undefined && fault.only !== ground.isolation) continue;
    if (fault.name.includes('memory') && process.platform !== 'linux') continue;
    const { thread } = fault;
    if (ground.isolation === 'thread' && thread !== undefined) {
      // What SECURITY.md and the README say of threads: they share the host's fate.
      it(`${fault.name}: takes a process of threads along`, async () => {
        const { code, signal } = await runFamily(ground, program(fault));
        expect(signal ?? code).to.be.oneOf([...thread]);
      });
      continue;
    }
    slow(`${fault.name}: is named, the next call answered, the exit at once`, async () => {
      expectSurvival(fault, await runFamily(ground, program(fault)));
    });
  }
});
