/** B2, M28, M33: lanes are not the program over again: of what it was started with they have what limits it, and load none of its modules. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ProgramOptions, runFamily } from '../helpers/fault-program.js';
import { type Ground, onBothLanes } from '../helpers/faults.js';
import { testlib } from '../helpers/testlib.js';
import { slow } from '../helpers/fast-run.js';

const index = import.meta.resolve('offthread');

/** Makes a pool, calls, and says what the call brought. */
const CALL = `
  const { pool, lib } = await open({ lanes: 2, ...OPTIONS });
  say(await lib.ot_add(1, 2));
  await pool.close();`;

/** A module that makes a pool and calls. */
const poolIn = ({ isolation, engine }: Ground): string => `
  const pool = createPool({ isolation: '${isolation}', lanes: 1, spares: 0 });
  const { ot_add } = await pool.open(${JSON.stringify(testlib)}, { ot_add: { arguments: ['i32', 'i32'], return: 'i32' } }, { engine: '${engine}' });
  if ((await ot_add(1, 2)) !== 3) process.exit(9);`;

onBothLanes('modules that the program loads before it starts', (ground: Ground) => {
  let folder: string;
  let loads: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'offthread-preloads-'));
    loads = join(folder, 'loads');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(name: string, text: string): string {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  }

  /** A module that says that it was loaded, and then does this. */
  function preload(code: string, name = 'pre load.mjs'): string {
    const record = `appendFileSync(${JSON.stringify(loads)}, process.pid + ' ' + threadId + '\\n');`;
    return write(
      name,
      name.endsWith('.cjs')
        ? `const { appendFileSync } = require('node:fs'); const { threadId } = require('node:worker_threads'); ${record} ${code}`
        : `import { appendFileSync } from 'node:fs'; import { threadId, Worker } from 'node:worker_threads'; ${record} ${code}`,
    );
  }

  const lines = (file = loads): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');

  async function run(code: string, options: ProgramOptions, pool: object = {}): Promise<string> {
    const end = await runFamily(ground, code.replace('OPTIONS', JSON.stringify(pool)), options);
    expect(end.stderr).to.equal('');
    expect(end).to.include({ code: 0, signal: null });
    expect([...end.orphans]).to.deep.equal([]);
    return end.stdout;
  }

  const makesPool = (): string =>
    `const { createPool } = await import(${JSON.stringify(index)}); ${poolIn(ground)}`;
  const WAYS: readonly [string, () => ProgramOptions][] = [
    ['--import', () => ({ args: ['--import', preload(makesPool())] })],
    ['--import=', () => ({ args: [`--import=${preload(makesPool())}`] })],
    [
      '--require',
      () => ({ args: ['--require', preload(`(async () => { ${makesPool()} })()`, 'preload.cjs')] }),
    ],
    ['-r', () => ({ args: ['-r', preload(`(async () => { ${makesPool()} })()`, 'preload.cjs')] })],
    [
      'NODE_OPTIONS',
      () => ({ env: { NODE_OPTIONS: `--no-deprecation --import "${preload(makesPool())}"` } }),
    ],
    [
      'NODE_OPTIONS, and a copy of the environment for lanes',
      () => ({ env: { NODE_OPTIONS: `--import="${preload(makesPool())}"`, COPY: 'yes' } }),
    ],
  ];
  for (const [title, options] of WAYS) {
    slow(`one that makes a pool is loaded by the program alone: ${title}`, async () => {
      const given = options();
      const code = CALL.replace('...OPTIONS', 'env: process.env.COPY ? { ...process.env } : undefined');
      expect(await run(code, given)).to.equal('3\n');
      expect(lines()).to.have.lengthOf(1);
    });
  }

  it('one that takes a port takes it once', async () => {
    const socket = JSON.stringify(join(folder, 'socket'));
    const file = preload(
      `import { createServer } from 'node:net'; createServer().listen(${socket}).unref();`,
    );
    expect(await run(CALL, { args: ['--import', file] })).to.equal('3\n');
    expect(lines()).to.have.lengthOf(1);
  });

  it('hooks of --loader are none of the lanes’', async () => {
    const file = preload('');
    const code = `say(${JSON.stringify('before')}); ${CALL}`;
    expect(await run(code, { args: ['--loader', file] })).to.equal('before\n3\n');
    expect(lines()).to.have.lengthOf(1);
  });

  it('with `execArgv` lanes load one, and nobody else does', async () => {
    const file = preload('');
    const program = `say(process.pid); ${CALL}`;
    const [pid = ''] = (await run(program, {}, { execArgv: ['--import', file], spares: 0 })).split('\n');
    const own = lines().filter((line) => line === `${pid} 0`);
    expect(own).to.deep.equal([]);
    expect(lines().length).to.be.within(1, 2);
    const threads = lines().filter((line) => line.startsWith(`${pid} `));
    expect(threads).to.have.lengthOf(ground.isolation === 'thread' ? lines().length : 0);
  });

  slow(
    'one that lanes load on purpose has no lanes there, nor have threads that it starts, but programs that it starts do',
    async () => {
      const inThread = `
      import(${JSON.stringify(index)}).then(async ({ createPool }) => { ${poolIn(ground)} })
        .then(() => 'lanes', ({ code }) => code)
        .then((told) => require('node:worker_threads').parentPort.postMessage(told));`;
      const program = write(
        'program.mjs',
        `import { createPool } from ${JSON.stringify(index)}; ${poolIn(ground)}`,
      );
      const told = join(folder, 'told');
      const file = preload(`
      import { spawnSync } from 'node:child_process';
      const { createPool } = await import(${JSON.stringify(index)});
      const here = await (async () => { ${poolIn(ground)} })().then(() => 'lanes', ({ name, code }) => name + ' ' + code);
      const thread = new Worker(${JSON.stringify(inThread)}, { eval: true });
      const there = await new Promise((resolve) => thread.once('message', resolve));
      const { status } = spawnSync(process.execPath, [${JSON.stringify(program)}]);
      appendFileSync(${JSON.stringify(told)}, [here, there, status].join() + '\\n');`);
      expect(await run(CALL, {}, { execArgv: ['--import', file], lanes: 1, spares: 0 })).to.equal('3\n');
      expect(lines()).to.have.lengthOf(1);
      expect(lines(told)).to.deep.equal(['LaneStartError OFFTHREAD_NESTED_LANES,OFFTHREAD_NESTED_LANES,0']);
    },
  );

  it('one that dies of that says so to whoever opens a library', async () => {
    const file = preload(makesPool());
    const program = `
      await open({ execArgv: ['--import', ${JSON.stringify(file)}], spares: 0, maxDeaths: 1, stderr: isolation === 'process' ? 'capture' : undefined })
        .catch(({ message, cause }) => say([message, cause?.message, ...(cause?.stderr ?? [])].join(' ').includes('A pool cannot start lanes inside a lane')));
      process.exit();`;
    expect(await run(program, {})).to.equal('true\n');
    expect(lines().length).to.be.within(1, 2);
  });
});

onBothLanes('flags that the program was started with', (ground: Ground) => {
  const thread = ground.isolation === 'thread';
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'offthread-flags-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs a program with a pool whose lanes run this first. @returns what they put into `told`. */
  async function inLanes(code: string, options: ProgramOptions, pool: object = {}): Promise<unknown> {
    const file = join(folder, 'told');
    const module = join(folder, 'module.cjs');
    writeFileSync(
      module,
      `let told; ${code}; require('node:fs').writeSync(1, 'told ' + JSON.stringify(told) + '\\n');`,
    );
    const given = { lanes: 1, spares: 0, execArgv: ['--require', module], ...pool };
    const end = await runFamily(ground, CALL.replace('OPTIONS', JSON.stringify(given)), options);
    expect(end.stderr.replaceAll(/^.*(Debugger|For help|\(node:\d+\)|--trace-warnings).*\n/gm, '')).to.equal(
      '',
    );
    expect(end).to.include({ code: 0, signal: null });
    expect([...end.orphans], file).to.deep.equal([]);
    const [, told = 'null'] = /told (.*)\n/.exec(end.stdout) ?? [];
    expect(end.stdout).to.match(/^3$/m);
    return JSON.parse(told);
  }

  slow('lanes have those that limit, and none that is for one program', async () => {
    mkdirSync(join(folder, 'a b'));
    const other = join(folder, 'a b', 'other.cjs');
    writeFileSync(other, '');
    writeFileSync(join(folder, 'env'), '');
    const flags = await inLanes('told = process.execArgv', {
      args: [
        ...[
          '--no-warnings',
          '--max-old-space-size=300',
          '--require',
          other,
          '-C',
          'some',
          '--stack-trace-limit=7',
        ],
        ...['--cpu-prof', `--cpu-prof-dir=${folder}`, '--inspect=0', `--env-file=${join(folder, 'env')}`],
        ...['--enable_source_maps', '--title=this'],
      ],
      env: {
        NODE_OPTIONS: `--max-semi-space-size=16 --require="${other}" "--trace-uncaught" --unhandled-rejections=warn`,
      },
    });
    const [all, process] = [true, !thread];
    const kept = [
      [process, '--max-semi-space-size=16'],
      [all, '--trace-uncaught'],
      [all, '--disable-warning=ExperimentalWarning'],
      [all, '--no-warnings'],
      [process, '--max-old-space-size=300'],
      [all, '-C'],
      [all, 'some'],
      [process, '--stack-trace-limit=7'],
      [all, '--enable_source_maps'],
      [all, '--require'],
      [all, join(folder, 'module.cjs')],
    ] as const;
    expect(flags).to.deep.equal(kept.flatMap(([has, flag]) => (has ? [flag] : [])));
    const profiles = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
    expect(profiles, 'the program’s own').to.have.lengthOf(1);
  });

  it('every flag that threads are to have, they may have', async () => {
    const wanted = [
      ...['--no-warnings', '--no-deprecation', '--trace-warnings', '--trace-deprecation', '--trace-uncaught'],
      ...['--enable-source-maps', '--preserve-symlinks', '--preserve-symlinks-main', '--frozen-intrinsics'],
      ...['--experimental-ffi', '--no-require-module', '--no-strip-types', '--max-http-header-size=9000'],
      ...['--tls-min-v1.3', '--tls-max-v1.3', '--dns-result-order=ipv4first', '--use-env-proxy', '--addons'],
      ...['--conditions=some', '--disable-warning=DEP0001', '--no-global-search-paths'],
    ];
    const known = wanted.filter((flag) =>
      process.allowedNodeEnvironmentFlags.has(flag.split('=')[0] as string),
    );
    expect(known.length).to.be.greaterThan(12);
    const flags = (await inLanes('told = process.execArgv', { args: known })) as string[];
    for (const flag of known) expect(flags).to.include(flag);
  });

  slow('lanes are not free of its permissions, whatever flags and environment they are given', async () => {
    const permission = process.allowedNodeEnvironmentFlags.has('--permission')
      ? '--permission'
      : '--experimental-permission';
    const allowed = [
      '--allow-fs-read=*',
      '--allow-worker',
      '--allow-addons',
      '--allow-child-process',
      '--allow-ffi',
      '--allow-net',
    ].filter((flag) => process.allowedNodeEnvironmentFlags.has(flag.split('=')[0] as string));
    const code = `try { require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'forbidden'))}, ''); } catch ({ code }) { told = code; }`;
    const flags = [permission, ...allowed];
    expect(await inLanes(code, { args: flags })).to.equal('ERR_ACCESS_DENIED');
    expect(await inLanes(code, { args: flags }, { env: {} })).to.equal('ERR_ACCESS_DENIED');
    const env = { NODE_OPTIONS: flags.join(' ') };
    expect(await inLanes(code, { env })).to.equal('ERR_ACCESS_DENIED');
    expect(await inLanes(code, { env }, { env: {} })).to.equal('ERR_ACCESS_DENIED');
  });

  slow('lanes have the environment that they are given, and NODE_OPTIONS that are theirs', async () => {
    const code =
      'told = [process.env.WORD ?? null, process.env.HOST_WORD ?? null, process.noDeprecation ?? false]';
    const host = { HOST_WORD: 'host', NODE_OPTIONS: '--no-warnings' };
    expect(await inLanes(code, { env: host })).to.deep.equal([null, 'host', false]);
    expect(await inLanes(code, { env: host }, { env: { WORD: 'lane' } })).to.deep.equal([
      'lane',
      null,
      false,
    ]);
    const own = { WORD: 'lane', NODE_OPTIONS: '--no-deprecation' };
    expect(await inLanes(code, { env: host }, { env: own })).to.deep.equal(['lane', null, true]);
  });
});
