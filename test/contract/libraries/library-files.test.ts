/** M34, B2: which file a path means, when the program moves and when files are replaced. */
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import {
  CallCancelledError,
  EngineError,
  type EngineName,
  type Library,
  LibraryNotFoundError,
  libraryBuild,
  type Pool,
  type PoolOptions,
  SymbolNotFoundError,
} from 'offthread';
import { contractEngines, describeOn, onEveryEngine, rejection } from '../../helpers/contract.js';
import { compile, folder } from '../../helpers/engine-probe.js';
import { createPool } from '../../helpers/lane-kind.js';
import { slow } from '../../helpers/fast-run.js';
import { until } from '../../helpers/waiting.js';

const PLUGIN = {
  which: { arguments: [], return: 'i32' },
  count: { arguments: [], return: 'i32' },
} as const;
const LIBM = process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libm.so.6';
type Plugin = Library<typeof PLUGIN>;

/** Times that a lane looks at a file before and after it loads it: at most. */
const MOST_LOOKS = 6;

/** A plug-in that says which it is, and how often it was asked. */
function build(which: number): string {
  return compile(
    `plugin-${which}.so`,
    `static int asked; int which(void) { return ${which}; } int count(void) { return ++asked; }`,
  );
}

/** One that says when it is being loaded, and waits there for a file. */
function buildWaiting(which: number, entered: string, release: string): string {
  return compile(
    `waiting-plugin-${which}.so`,
    `#include <fcntl.h>
     #include <unistd.h>
     __attribute__((constructor)) static void load(void) {
       close(open("${entered}", O_CREAT | O_WRONLY, 0600));
       for (int ms = 0; access("${release}", F_OK) != 0 && ms < 15000; ms++) usleep(1000);
     }
     int which(void) { return ${which}; } int count(void) { return 0; }`,
  );
}

/** A folder of this test. */
const place = (): string => realpathSync(mkdtempSync(join(folder, 'place-')));

/** Puts a file where another may be, as package managers do: the old one lives on without a name. */
function put(file: string, path: string): void {
  copyFileSync(file, `${path}.new`);
  renameSync(`${path}.new`, path);
}

/** Writes into a file that is there, without cutting it. */
function overwrite(file: string, path: string): void {
  const target = openSync(path, 'r+');
  try {
    writeSync(target, readFileSync(file));
  } finally {
    closeSync(target);
  }
}

async function withPlugins(
  engine: EngineName,
  options: PoolOptions,
  test: (open: (path: string) => Promise<Plugin>, pool: Pool) => Promise<void>,
): Promise<void> {
  const home = process.cwd();
  const pool = createPool({ lanes: 1, ...options });
  try {
    await test((path) => pool.open(path, PLUGIN, { engine }), pool);
  } finally {
    process.chdir(home);
    await pool.close({ timeout: 2_000 });
  }
}

onEveryEngine('the file of a path (M34)', (engine) => {
  it('is the one that is there when it is opened, wherever the program goes later', async () => {
    await withPlugins(engine, {}, async (open) => {
      const libraries: Plugin[] = [];
      const paths: string[] = [];
      for (const which of [1, 2]) {
        const here = place();
        copyFileSync(build(which), join(here, 'plugin.so'));
        paths.push(join(here, 'plugin.so'));
        process.chdir(here);
        libraries.push(await open('./plugin.so'));
      }
      expect(libraries.map(({ path }) => path)).to.deep.equal(paths);
      expect(await Promise.all(libraries.map(({ which }) => which()))).to.deep.equal([1, 2]);
      expect(libraries.map(({ which }) => which.blocking())).to.deep.equal([1, 2]);
    });
  });

  it('is named, without links, and its build identified', async () => {
    const file = build(1);
    const copy = join(place(), 'copy.so');
    const link = join(place(), 'link.so');
    copyFileSync(file, copy);
    symlinkSync(file, link);
    expect(libraryBuild(file)).to.match(/^(build-id|sha256):[0-9a-f]{32,}$/);
    expect(libraryBuild(copy))
      .to.equal(libraryBuild(file))
      .not.equal(libraryBuild(build(2)));
    await withPlugins(engine, {}, async (open, pool) => {
      const opened = await open(link);
      expect(opened.file).to.equal(realpathSync(file));
      // What a name means is known to the loader alone.
      const libm = await pool.open(LIBM, { cos: { arguments: ['f64'], return: 'f64' } }, { engine });
      if (process.platform === 'linux') expect(libm.file).to.match(/^\/.*\/libm\W.*so/);
      else expect(libm.file).to.equal(null);
    });
  });

  it('is opened anew when it has been replaced, beside what it was', async () => {
    await withPlugins(engine, {}, async (open) => {
      const path = join(place(), 'plugin.so');
      const libraries: Plugin[] = [];
      for (const which of [11, 12, 13]) {
        put(build(which), path);
        libraries.push(await open(path));
        expect(await libraries.at(-1)?.which()).to.equal(which);
      }
      expect(await Promise.all(libraries.map(({ which }) => which()))).to.deep.equal([11, 12, 13]);
      expect(libraries.map((library) => library.path)).to.deep.equal([path, path, path]);
    });
  });

  it('is the one that a link leads to now', async () => {
    await withPlugins(engine, {}, async (open) => {
      const here = place();
      const seen: number[] = [];
      for (const which of [21, 22]) {
        mkdirSync(join(here, `v${which}`));
        copyFileSync(build(which), join(here, `v${which}`, 'plugin.so'));
      }
      for (const which of [21, 22, 21]) {
        symlinkSync(join(here, `v${which}`), join(here, 'next'));
        renameSync(join(here, 'next'), join(here, 'current'));
        const { which: ask } = await open(join(here, 'current', 'plugin.so'));
        seen.push(await ask());
      }
      expect(seen).to.deep.equal([21, 22, 21]);
    });
  });

  it('that was put there again is the same library, with what it has kept', async () => {
    await withPlugins(engine, {}, async (open) => {
      const path = join(place(), 'plugin.so');
      put(build(31), path);
      const first = await open(path);
      expect(await first.count()).to.equal(1);
      put(build(31), path);
      const second = await open(path);
      expect([await second.count(), await first.count()]).to.deep.equal([2, 3]);
    });
  });

  it('that was written into while it is open is refused, with what to do', async () => {
    const path = join(place(), 'plugin.so');
    await withPlugins(engine, {}, async (open) => {
      put(build(41), path);
      const before = await open(path);
      expect(await before.which()).to.equal(41);
      overwrite(build(42), path);
      const error = await rejection(open(path), EngineError);
      expect(error.code).to.equal('OFFTHREAD_LIBRARY_CHANGED');
      expect(error.message).to.match(/plugin\.so.*overwritten.*rename it.*its own file name/);
    });
  });

  it('that lacked a function has it once it was built anew', async () => {
    const path = join(place(), 'plugin.so');
    const pool = createPool({ lanes: 1 });
    put(compile('plugin-less.so', 'int which(void) { return 1; }'), path);
    await rejection(pool.open(path, PLUGIN, { engine }), SymbolNotFoundError);
    put(build(2), path);
    expect(await (await pool.open(path, PLUGIN, { engine })).count()).to.equal(1);
    await pool.close();
  });

  it('that could not be opened is opened once it can', async () => {
    await withPlugins(engine, {}, async (open) => {
      const path = join(place(), 'plugin.so');
      const none = await rejection(open(path), LibraryNotFoundError);
      expect(none.code).to.equal('OFFTHREAD_LIBRARY_NOT_FOUND');
      put(compile('broken-plugin.so', 'int lacked(void); int which(void) { return lacked(); }'), path);
      const broken = await rejection(open(path), EngineError);
      expect(broken.message)
        .to.include(`'${path}'`)
        .and.match(/'lacked'/);
      put(build(51), path);
      expect(await (await open(path)).which()).to.equal(51);
    });
  });
});

onEveryEngine('interrupt functions of a file that was replaced (B1)', (engine) => {
  it('interrupt the calls of their own library', async () => {
    const RUN = {
      run: { arguments: [], return: 'i32', onCancel: { symbol: 'halt', arguments: [] } },
      halted: { arguments: [], return: 'i32' },
    } as const;
    const pool = createPool({ lanes: 1, grace: 8_000 });
    const path = join(place(), 'plugin.so');
    try {
      const libraries = [];
      for (const which of [1, 2]) {
        const code = `#include <unistd.h>
          static volatile int stop, halts;
          int run(void) { while (!stop) usleep(1000); stop = 0; return ${which}; }
          void halt(void) { halts++; stop = 1; }
          int halted(void) { return halts; }`;
        put(compile(`interrupted-${which}.so`, code), path);
        libraries.push(await pool.open(path, RUN, { engine }));
      }
      for (const library of libraries.toReversed()) {
        const call = library.run();
        await until(() => call.state === 'running', 'the call to run');
        call.cancel();
        await rejection(call, CallCancelledError);
        expect(await library.halted()).to.be.at.least(1);
      }
      expect(pool.stats()).to.include({ lanesLost: 0, lanesKilled: 0, lanesCrashed: 0 });
    } finally {
      await pool.close({ timeout: 2_000 });
    }
  });
});

describeOn(
  contractEngines.filter((engine) => engine !== 'ffi-rs'),
  ['thread'],
  'a file that another thread of the process has opened (M34)',
  (engine) => {
    /** Opens the plug-in in a pool of another thread. */
    async function elsewhere(path: string): Promise<unknown> {
      const code = `
        const { parentPort } = require('node:worker_threads');
        import(${JSON.stringify(import.meta.resolve('offthread'))}).then(async ({ createPool }) => {
          const pool = createPool({ lanes: 1 });
          const { which, count } = await pool.open(${JSON.stringify(path)}, ${JSON.stringify(PLUGIN)}, { engine: '${engine}' });
          const answers = [await which(), await count()];
          await pool.close();
          parentPort.postMessage(answers);
        });`;
      const worker = new Worker(code, { eval: true });
      try {
        const [answers] = (await once(worker, 'message')) as unknown[];
        return answers;
      } finally {
        await worker.terminate();
      }
    }

    it('is the same library there, and another one when it has been replaced', async () => {
      await withPlugins(engine, {}, async (open) => {
        const path = join(place(), 'plugin.so');
        put(build(111), path);
        const first = await open(path);
        expect(await first.count()).to.equal(1);
        expect(await elsewhere(path)).to.deep.equal([111, 2]);
        put(build(112), path);
        expect(await elsewhere(path)).to.deep.equal([112, 1]);
        expect(await (await open(path)).count()).to.equal(2);
        expect(await first.count()).to.equal(3);
      });
    });
  },
);

describeOn(contractEngines, ['thread'], 'a file that was replaced (M34)', (engine) => {
  it('runs on as it was in lanes that are started later', async () => {
    await withPlugins(engine, { recycleAfter: 1 }, async (open, pool) => {
      const path = join(place(), 'plugin.so');
      put(build(61), path);
      const first = await open(path);
      put(build(62), path);
      const second = await open(path);
      rmSync(path);
      for (let round = 0; round < 3; round++) {
        expect([await first.which(), await second.which()]).to.deep.equal([61, 62]);
      }
      expect(pool.stats().lanesRecycled).to.be.at.least(3);
    });
  });
});

describeOn(contractEngines, ['process'], 'a file that was replaced, in processes (B2)', (engine) => {
  const replaceLane = async (pool: Pool): Promise<void> => {
    const [report] = await pool.laneReports();
    const { pid } = report as { readonly pid: number };
    process.kill(pid, 'SIGKILL');
    await until(() => pool.stats().lanesCrashed > 0 && pool.stats().lanes.idle === 1, 'another lane');
  };

  slow('is not run in a lane that is started later: its calls say that it has changed', async () => {
    await withPlugins(engine, {}, async (open, pool) => {
      const path = join(place(), 'plugin.so');
      put(build(71), path);
      const first = await open(path);
      expect(await first.which()).to.equal(71);
      put(build(72), path);
      expect(await first.which()).to.equal(71);
      await replaceLane(pool);
      const error = await rejection(first.which(), EngineError);
      expect(error).to.include({ code: 'OFFTHREAD_LIBRARY_CHANGED', kind: 'engine', symbol: 'which' });
      expect(error.message)
        .to.match(/plugin\.so.*has changed.*Open the library again/)
        .and.not.include('..');
      const second = await open(path);
      expect(await second.which()).to.equal(72);
      await rejection(first.which(), EngineError);
    });
  });

  it('while it is being opened is opened as what it is by then', async () => {
    await withPlugins(engine, {}, async (open) => {
      const here = place();
      const [path, entered, release] = ['plugin.so', 'entered', 'release'].map((name) =>
        join(here, name),
      ) as [string, string, string];
      put(buildWaiting(74, entered, release), path);
      const first = rejection(open(path), EngineError);
      await until(() => existsSync(entered), 'the constructor of the first file');
      put(build(75), path);
      const second = open(path);
      writeFileSync(release, '');
      expect((await first).code).to.equal('OFFTHREAD_LIBRARY_CHANGED');
      expect(await (await second).which()).to.equal(75);
    });
  });

  it('by a copy of itself runs on', async () => {
    await withPlugins(engine, {}, async (open, pool) => {
      const path = join(place(), 'plugin.so');
      put(build(81), path);
      const first = await open(path);
      put(build(81), path);
      await replaceLane(pool);
      expect(await first.which()).to.equal(81);
    });
  });

  it('by nothing is not found, by the class and the code of that', async () => {
    await withPlugins(engine, {}, async (open, pool) => {
      const path = join(place(), 'plugin.so');
      put(build(91), path);
      const first = await open(path);
      rmSync(path);
      await replaceLane(pool);
      const error = await rejection(first.which(), LibraryNotFoundError);
      expect(error).to.include({ code: 'OFFTHREAD_LIBRARY_NOT_FOUND', kind: 'library', symbol: 'which' });
    });
  });

  it('in place is opened by a new pool', async () => {
    const path = join(place(), 'plugin.so');
    put(build(101), path);
    await withPlugins(engine, {}, async (open) => {
      expect(await (await open(path)).which()).to.equal(101);
    });
    overwrite(build(102), path);
    await withPlugins(engine, {}, async (open) => {
      expect(await (await open(path)).which()).to.equal(102);
    });
  });

  slow('while a lane loads it is not run, neither then nor once the right one is there again', async () => {
    // In the lane, the file is replaced when it has been looked at for the n-th time.
    const hook = join(place(), 'hook.cjs');
    writeFileSync(
      hook,
      `const fs = require('node:fs');
      const { openSync, closeSync } = fs;
      const files = new Map();
      let looks = 0;
      fs.openSync = (path, ...rest) => {
        const file = openSync(path, ...rest);
        files.set(file, String(path));
        return file;
      };
      fs.closeSync = (file) => {
        closeSync(file);
        const path = files.get(file);
        files.delete(file);
        if (path !== process.env.LIBRARY) return;
        looks += 1;
        if (looks === Number(process.env.LOOKS)) fs.renameSync(path + '.next', path);
      };
      require('node:module').syncBuiltinESMExports();`,
    );
    const [first, second] = [build(1), build(2)];
    const refused: number[] = [];
    for (let looks = 1; looks <= MOST_LOOKS; looks += 1) {
      const path = join(place(), 'plugin.so');
      const env = { ...process.env, LIBRARY: path, LOOKS: String(looks) } as Record<string, string>;
      const pool = createPool({ lanes: 1, spares: 0, env, execArgv: ['--require', hook] });
      try {
        put(first, path);
        copyFileSync(second, `${path}.next`);
        const opened = await pool.open(path, PLUGIN, { engine }).catch((error: unknown) => error);
        if (opened instanceof Error) {
          expect(opened).to.be.instanceOf(EngineError).and.include({ code: 'OFFTHREAD_LIBRARY_CHANGED' });
          refused.push(looks);
        } else expect(await (opened as Plugin).which(), 'it runs on as it was').to.equal(1);
        put(first, path);
        expect(await (await pool.open(path, PLUGIN, { engine })).which()).to.equal(1);
        put(second, path);
        expect(await (await pool.open(path, PLUGIN, { engine })).which()).to.equal(2);
      } finally {
        await pool.close();
      }
    }
    expect(refused, 'replaced while it was being loaded').to.not.be.empty;
  });
});
