/** M34, B6: libraries whose symbols Node.js has, too; and the options of `open` that say who finds whose. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { expect } from 'chai';
import {
  ArgumentError,
  EngineError,
  type EngineName,
  type OpenOptions,
  type Pool,
  inout,
  out,
} from 'offthread';
import { contractEngines, describeOn, onEveryEngine, rejection } from '../../helpers/contract.js';
import { compile, folder } from '../../helpers/engine-probe.js';
import { createPool, laneKind } from '../../helpers/lane-kind.js';

const glibc = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header
  .glibcVersionRuntime;
const number = { arguments: [], return: 'i32' } as const;
const SHARED = ['-shared', '-fPIC'];

let made = 0;

/** A library that has a function of libuv's, and calls it; Node.js exports its own. */
function lookalike(marker: number): string {
  made += 1;
  return compile(
    `lookalike-${made}.so`,
    `int uv_version(void) { return ${marker}; } int ask(void) { return uv_version(); }`,
  );
}

async function withPool(test: (pool: Pool) => Promise<void>): Promise<void> {
  const pool = createPool({ lanes: 1 });
  try {
    await test(pool);
  } finally {
    await pool.close({ timeout: 2_000 });
  }
}

if (process.platform === 'linux' && glibc !== undefined) {
  onEveryEngine('symbols that Node.js has, too (B6)', (engine) => {
    const ask = (pool: Pool, path: string, options: OpenOptions = {}): Promise<number> =>
      pool.open(path, { ask: number }, { engine, ...options }).then((library) => library.ask());

    it("are the library's own for itself", async () => {
      await withPool(async (pool) => {
        expect(await ask(pool, lookalike(4_711))).to.equal(4_711);
        expect(await ask(pool, lookalike(4_712), { deep: true })).to.equal(4_712);
      });
    });

    it("are the program's with { deep: false }", async () => {
      await withPool(async (pool) => {
        const [major] = process.versions.uv.split('.').map(Number);
        const version = await ask(pool, lookalike(4_713), { deep: false });
        expect(version >> 16).to.equal(major);
      });
    });

    it("are those of a library that it needs, before the program's", async () => {
      await withPool(async (pool) => {
        made += 1;
        const needed = `libneeded-${made}.so`;
        compile(needed, 'int uv_version(void) { return 4714; }', [...SHARED, `-Wl,-soname,${needed}`]);
        const user = compile(
          `user-${made}.so`,
          'int uv_version(void); int ask(void) { return uv_version(); }',
          [...SHARED, '-Wl,-rpath,$ORIGIN', `-L${folder}`, `-l:${needed}`],
        );
        expect(await ask(pool, user)).to.equal(4_714);
      });
    });

    it('work with libcrypto, whichever OpenSSL Node.js has', async () => {
      await withPool(async (pool) => {
        const crypto = await pool.open(
          'libcrypto.so.3',
          {
            EVP_MD_CTX_new: { arguments: [], return: 'pointer' },
            EVP_MD_CTX_free: { arguments: ['pointer'], return: 'void' },
            EVP_sha256: { arguments: [], return: 'pointer' },
            EVP_DigestInit_ex: { arguments: ['pointer', 'pointer', 'pointer'], return: 'i32' },
            EVP_DigestUpdate: { arguments: ['pointer', 'buffer', 'u64'], return: 'i32' },
            EVP_DigestFinal_ex: {
              arguments: ['pointer', inout('buffer'), out('u32')],
              return: 'i32',
            },
          },
          { engine },
        );
        const context = await crypto.EVP_MD_CTX_new();
        await crypto.EVP_DigestInit_ex(context, await crypto.EVP_sha256(), 0n);
        await crypto.EVP_DigestUpdate(context, Buffer.from('abc'), 3n);
        const digest = Buffer.alloc(32);
        await crypto.EVP_DigestFinal_ex(context, digest);
        await crypto.EVP_MD_CTX_free(context);
        expect(digest.toString('hex')).to.equal(createHash('sha256').update('abc').digest('hex'));
      });
    });

    it('work with libssl', async () => {
      await withPool(async (pool) => {
        const ssl = await pool.open(
          'libssl.so.3',
          {
            TLS_method: { arguments: [], return: 'pointer' },
            SSL_CTX_new: { arguments: ['pointer'], return: 'pointer' },
            SSL_CTX_free: { arguments: ['pointer'], return: 'void' },
            SSL_new: { arguments: ['pointer'], return: 'pointer' },
            SSL_free: { arguments: ['pointer'], return: 'void' },
            SSL_get_version: { arguments: ['pointer'], return: 'cstring' },
          },
          { engine },
        );
        const context = await ssl.SSL_CTX_new(await ssl.TLS_method());
        expect(context).not.to.equal(0n);
        const connection = await ssl.SSL_new(context);
        expect(await ssl.SSL_get_version(connection)).to.match(/^TLS/);
        await ssl.SSL_free(connection);
        await ssl.SSL_CTX_free(context);
      });
    });

    it('leave crashes out where malloc is replaced: open says so', async () => {
      const preload = compile(
        'preload.so',
        `#define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stddef.h>
        size_t malloc_usable_size(void *memory) {
          size_t (*next)(void *) = (size_t(*)(void *))dlsym(RTLD_NEXT, "malloc_usable_size");
          return next(memory);
        }`,
        [...SHARED, '-ldl'],
      );
      const program = `
        const { createPool } = await import(${JSON.stringify(import.meta.resolve('offthread'))});
        const pool = createPool({ lanes: 1, isolation: ${JSON.stringify(laneKind())} });
        const open = (path, name, options) =>
          pool.open(path, { [name]: { arguments: [], return: 'u64' } }, { engine: ${JSON.stringify(engine)}, ...options })
            .then((library) => library[name]()).then(() => 'opened', (error) => error.code + ' ' + error.message);
        console.log(JSON.stringify([
          await open('libcrypto.so.3', 'OpenSSL_version_num'),
          await open('libz.so.1', 'zlibCompileFlags'),
          await open('libcrypto.so.3', 'OpenSSL_version_num', { deep: false }),
        ]));
        await pool.close();`;
      const env = { ...process.env, LD_PRELOAD: preload };
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
        env,
        encoding: 'utf8',
        timeout: 10_000,
      });
      const [crypto, zlib, asIs] = JSON.parse(stdout || '[]') as string[];
      expect(crypto, stderr).to.match(
        /^OFFTHREAD_LIBRARY_CLASH .*libcrypto.*exports \d+ symbols.*malloc is replaced/,
      );
      expect([zlib, asIs], stderr).to.deep.equal(['opened', 'opened']);
    });
  });

  describeOn(contractEngines, ['process'], 'symbols that Node.js has, too, in processes (B6)', (engine) => {
    it("are the library's own where lanes alone find it, by the path of their environment", async () => {
      const env = { ...(process.env as Record<string, string>), LD_LIBRARY_PATH: folder };
      const pool = createPool({ lanes: 1, env });
      try {
        const { ask } = await pool.open(basename(lookalike(4_715)), { ask: number }, { engine });
        expect(await ask()).to.equal(4_715);
      } finally {
        await pool.close({ timeout: 2_000 });
      }
    });
  });
}

onEveryEngine('options of open (B6)', (engine: EngineName) => {
  it('{ global: true } lets a plug-in find what its host library has', async () => {
    await withPool(async (pool) => {
      made += 1;
      const name = `base_of_plugins_${made}`;
      const base = compile(`base-${made}.so`, `int ${name}(void) { return 5; }`);
      const plugin = compile(
        `plugin-of-${made}.so`,
        `int ${name}(void); int ask(void) { return ${name}() + 1; }`,
      );
      await pool.open(base, { [name]: number }, { engine });
      const error = await rejection(pool.open(plugin, { ask: number }, { engine }), EngineError);
      expect(error).to.have.property('code', 'OFFTHREAD_LIBRARY_LOAD');
      expect(error.message).to.include(name);
      await pool.open(base, { [name]: number }, { engine, global: true });
      const { ask } = await pool.open(plugin, { ask: number }, { engine });
      expect(await ask()).to.equal(6);
    });
  });

  for (const [options, says] of [
    [{ deep: 1 }, /`deep` is 1; it must be true or false/],
    [{ global: 'yes' }, /`global` is 'yes'; it must be true or false/],
    [{ engine: 'v8' }, /`engine` is 'v8'; it must be one of 'auto'/],
    [{ lazy: true }, /Unknown open option `lazy`\. Known options: engine, deep, global/],
  ] as const) {
    it(`${JSON.stringify(options)} is refused`, async () => {
      await withPool(async (pool) => {
        const error = await rejection(
          pool.open('libz.so.1', { zlibVersion: number }, options as unknown as OpenOptions),
          ArgumentError,
        );
        expect(error.message).to.match(says);
      });
    });
  }
});
