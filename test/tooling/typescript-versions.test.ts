/** B11: the published types compile in a project of a user's, in strict mode and with nothing skipped, by the oldest TypeScript that is promised and by the current one. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from '../../src/cli/demo/files.js';
import { sample, slow } from '../helpers/fast-run.js';

const root = projectRoot();

/** Something of everything whose types are not trivial. */
const PROGRAM = `
import {
  CallCancelledError, type CallTrace, LaneCrashedError, NativeError, OffthreadError, QueueFullError,
  callback, chunks, configureDefaultPool, createPool, defaultPool, inout, out, parallel, persistent, race, retry, sharedBytes,
} from 'offthread';
import type { Library, MapResults, NativeCall, NativeStream, Pool, PoolOptions, PoolStats } from 'offthread';

const options: PoolOptions = { lanes: 1, isolation: 'process', refuseLate: true };
const pool: Pool = createPool(options);
const row = { arguments: ['pointer', 'i32', { bytes: 1 }, { cstrings: 1 }], return: 'i32' } as const;
const declarations = {
  hypot: { arguments: ['f64', 'f64'], return: 'f64' },
  frexp: { arguments: ['f64', out('i32')], return: 'f64' },
  grow: { arguments: [inout('buffer'), inout('u64')], return: 'i32', fails: 'nonzero', errno: true },
  each: { arguments: ['cstring', chunks(row, { stop: 1 })], return: 'i32' },
  sort: { arguments: ['buffer', callback({ arguments: ['pointer', 'pointer'], return: 'i32' })], return: 'void' },
  version: { arguments: [], return: { cstring: { free: 'release' } } },
} as const;
const lib: Library<typeof declarations> = await pool.open('lib.so', declarations);

const call: NativeCall<number> = lib.hypot.with({ deadline: 5, signal: AbortSignal.timeout(9) })(3, 4);
const [mantissa, exponent]: [number, number] = await lib.frexp(48);
const [status, size]: [number, bigint] = await lib.grow(sharedBytes(8), 8n);
const text: string | null = await lib.version();
await lib.sort(Buffer.alloc(8), async (a, b) => Number(a - b));
await lib.sort(Buffer.alloc(8), persistent((a, b) => (a < b ? -1 : 1)));
// @ts-expect-error a string is no double
await lib.hypot('3', 4);
await lib.grow(sharedBytes(8), 8);
// @ts-expect-error a string is no 64-bit integer
await lib.grow(sharedBytes(8), '8');

const stream: NativeStream<[bigint, number, Buffer, (string | null)[]], number> = lib.each.stream('x');
for await (const [pointer, count, bytes, texts] of stream) console.log(pointer + 1n, count + 1, bytes.length, texts.length);
const returned: number = await stream.result;

const results: MapResults<number> = pool.map(lib.hypot, [[3, 4]]);
for await (const length of results) console.log(length + 1);
for await (const [index, length] of pool.map(lib.hypot, [[3, 4]]).entries()) console.log(index + length);
const all: string[] = await pool.map((item: number, index) => String(item + index), new Set([1])).toArray();
const columns = await pool.mapColumns(lib.hypot, { x: new Float64Array(3), y: 3 });
const first: number | undefined = columns.out[0];

const [sum, word]: [number, string] = await parallel([() => lib.hypot(3, 4), async () => 'x']);
const winner: number = await race([() => lib.hypot(3, 4), call], { stagger: 5 });
const again: number = await retry((signal) => lib.hypot.with({ signal })(3, 4), { when: ['queue-full'] });
const stats: PoolStats = pool.stats();
pool.on('lane-crashed', ({ lane, error }) => console.log(lane, error.signal));
configureDefaultPool(options);
await defaultPool().close();

const record = await call.settled();
if (record.status === 'succeeded') console.log(record.value.toFixed(2));
else if (record.error instanceof NativeError) console.log(record.error.errno);
const errors = [CallCancelledError, LaneCrashedError, OffthreadError, QueueFullError];
const trace = {} as CallTrace;
console.log(mantissa, exponent, status, size, text, returned, all, first, sum, word, winner, again, stats.refusedLate, errors, trace.lane);
`;

const USING = `
import { createPool } from 'offthread';
await using pool = createPool();
const { hypot } = await pool.open('libm.so.6', { hypot: { arguments: ['f64', 'f64'], return: 'f64' } });
using call = hypot(3, 4);
console.log((await call) + 1);
`;

/** Wrappers around `open`: the natural one, one that takes whatever `open` takes, and a class. */
const WRAPPERS = `
import { createPool, out } from 'offthread';
import type { AnyDeclarations, Checked, Declarations, Library, OpenOptions, Pool } from 'offthread';

const pool: Pool = createPool();
function session<const D extends Declarations>(path: string, declarations: D) {
  return pool.open(path, declarations);
}
function like<const D extends AnyDeclarations & Checked<D>>(path: string | URL, declarations: D, options?: OpenOptions): Promise<Library<D>> {
  return pool.open(path, declarations, options);
}
class Session<const D extends Declarations> {
  constructor(readonly library: Library<D>) {}
  static async open<const D extends Declarations>(path: string, declarations: D): Promise<Session<D>> {
    return new Session<D>(await pool.open(path, declarations));
  }
}
const declarations = { frexp: { arguments: ['f64', out('i32')], return: 'f64' } } as const;

const libraries = [
  await session('libm.so', { frexp: { arguments: ['f64', out('i32')], return: 'f64' } }),
  await session('libm.so', declarations),
  await like('libm.so', { frexp: { arguments: ['f64', out('i32')], return: 'f64' } }),
  (await Session.open('libm.so', { frexp: { arguments: ['f64', out('i32')], return: 'f64' } })).library,
] as const;
for (const { frexp } of libraries) {
  const [mantissa, exponent]: [number, number] = await frexp(48);
  console.log(mantissa + exponent);
  // @ts-expect-error a string is no double
  await frexp('48');
}
// @ts-expect-error no such type
await session('libm.so', { f: { arguments: ['f65'], return: 'f64' } });
// @ts-expect-error no such type
await like('libm.so', { f: { arguments: ['f65'], return: 'f64' } });
// @ts-expect-error unknown key
await like('libm.so', { f: { arguments: ['f64'], return: 'f64', failz: 'nonzero' } });
const wrong = { f: { arguments: ['f64'], return: 'f64', failz: 'nonzero' } } as const;
// @ts-expect-error unknown key
await pool.open('libm.so', wrong);
`;

/** Compiles a program as a user's project of its own. @returns what the compiler says. */
function compile(compiler: string, name: string, program: string, settings: object): string {
  const folder = join(root, 'build/consumers', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    target: 'ES2022',
    // Without a browser's: half of the time would go into checking those.
    lib: ['ES2022'],
    types: ['node'],
    ...settings,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.mts'] }));
  writeFileSync(join(folder, 'program.mts'), program);
  const path = join(root, 'node_modules', compiler, 'bin/tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, '-p', folder], { encoding: 'utf8' });
  return `${stdout}${stderr}exit code ${status}`;
}

const versionOf = (compiler: string): string =>
  (
    JSON.parse(readFileSync(join(root, 'node_modules', compiler, 'package.json'), 'utf8')) as {
      version: string;
    }
  ).version;

describe('TypeScript of users (B11)', function () {
  // Five compilers that check every library: minutes of other programs' work may come between.
  this.timeout(90_000);
  for (const compiler of ['typescript-oldest', 'typescript']) {
    for (const [how, settings] of [
      ['NodeNext', { module: 'NodeNext', moduleResolution: 'NodeNext' }],
      ['a bundler', { module: 'ESNext', moduleResolution: 'Bundler' }],
    ] as const) {
      slow(`${compiler} compiles a program, for ${how}`, () => {
        const name = `${compiler}-${settings.module.toLowerCase()}`;
        expect(compile(compiler, name, PROGRAM, settings)).to.equal('exit code 0');
      });
    }
  }

  for (const compiler of sample(['typescript', 'typescript-oldest'])) {
    it(`${compiler} compiles wrappers around open`, () => {
      const settings = { module: 'NodeNext', moduleResolution: 'NodeNext' };
      expect(compile(compiler, `${compiler}-wrappers`, WRAPPERS, settings)).to.equal('exit code 0');
    });
  }

  slow('the current one compiles `using`', () => {
    const settings = {
      module: 'NodeNext',
      moduleResolution: 'NodeNext',
      lib: ['ES2022', 'ESNext.Disposable'],
    };
    expect(compile('typescript', 'using', USING, settings)).to.equal('exit code 0');
  });

  it('the oldest one is that which the README names', () => {
    const [, promised] =
      /TypeScript (\d+\.\d+) or later/.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
    expect(versionOf('typescript-oldest').split('.', 2).join('.')).to.equal(promised);
  });
});
