/** M34: what the loader would find for a name is looked at before the loader opens it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { foldersOf, loaderCandidates } from '../../../src/engines/loading/loader-search.js';
import { contractEngines } from '../../helpers/contract.js';
import { compile, folder, probeLibrary } from '../../helpers/engine-probe.js';
import { pairs } from '../../helpers/fast-run.js';
import { laneKinds } from '../../helpers/lane-kind.js';

const index = import.meta.resolve('offthread');
const GUARD_MS = 15_000;
const ONLY_LINUX = process.platform === 'linux' ? it : it.skip;

/** Opens names in a program whose loader searches these folders; tells how each went. */
function openAll(
  engine: string,
  isolation: string,
  folders: readonly string[],
  names: readonly string[],
): string[] {
  const program = `
    const { createPool } = await import(${JSON.stringify(index)});
    const pool = createPool({ lanes: 1, isolation: ${JSON.stringify(isolation)} });
    const said = [];
    for (const name of ${JSON.stringify(names)}) {
      said.push(await pool.open(name, { echo_i32: { arguments: ['i32'], return: 'i32' } }, { engine: ${JSON.stringify(engine)} })
        .then(({ echo_i32 }) => echo_i32(7)).then(String, (error) => error.code + ' ' + error.message));
    }
    console.log(JSON.stringify(said));
    await pool.close();`;
  const { stdout, stderr, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, LD_LIBRARY_PATH: folders.join(':') },
    encoding: 'utf8',
    timeout: GUARD_MS,
  });
  expect(signal, `${stderr}, or it hung`).to.equal(null);
  return JSON.parse(stdout) as string[];
}

describe('libraries by name (M34)', function () {
  this.timeout(GUARD_MS + 5_000);

  for (const [kind, engine] of pairs(laneKinds, contractEngines)) {
    ONLY_LINUX(
      `a FIFO that the loader would open is refused, and holds up nobody [${engine}, ${kind}]`,
      () => {
        const [first, second] = ['first-', 'second-'].map((name) => mkdtempSync(join(folder, name))) as [
          string,
          string,
        ];
        execFileSync('mkfifo', [join(first, 'libfifo.so')]);
        symlinkSync(join(first, 'libfifo.so'), join(second, 'liblink.so'));
        writeFileSync(join(first, 'libscript.so'), 'GROUP ( /lib/libm.so.6 )');
        copyFileSync(probeLibrary(), join(second, 'libsound.so'));
        const [fifo, link, script, sound] = openAll(
          engine,
          kind,
          [first, second],
          ['libfifo.so', 'liblink.so', 'libscript.so', 'libsound.so'],
        );
        expect(fifo).to.match(
          /^OFFTHREAD_LIBRARY_INVALID .*loader resolves it to .*libfifo\.so, which is not a regular/,
        );
        expect(link).to.match(/^OFFTHREAD_LIBRARY_INVALID .*not a regular file/);
        expect(script).to.match(/^OFFTHREAD_LIBRARY_INVALID .*linker script.*libm\.so\.6/);
        expect(sound).to.equal('7');
      },
    );
  }

  for (const [kind, engine] of pairs(laneKinds, contractEngines)) {
    ONLY_LINUX(
      `what a library needs is looked at, too: a FIFO holds up nobody, a file cut short ends nothing [${engine}, ${kind}]`,
      () => {
        const [near, far] = ['near-', 'far-'].map((name) => mkdtempSync(join(folder, name))) as [
          string,
          string,
        ];
        const names = ['fifo', 'short', 'sound'].map((what) => {
          const needed = compile(`libneeded-${what}.so`, 'int needed(int value) { return value; }');
          copyFileSync(needed, join(far, `libneeded-${what}.so`));
          const between = compile(
            `libbetween-${what}.so`,
            'int needed(int value); int between(int value) { return needed(value); }',
            ['-shared', '-fPIC', '-L', far, `-l:libneeded-${what}.so`],
          );
          copyFileSync(between, join(far, `libbetween-${what}.so`));
          return compile(
            `libneeding-${what}.so`,
            'int between(int value); int echo_i32(int value) { return between(value); }',
            ['-shared', '-fPIC', '-L', far, '-Wl,--allow-shlib-undefined', `-l:libbetween-${what}.so`],
          );
        });
        execFileSync('mkfifo', [join(near, 'libneeded-fifo.so')]);
        copyFileSync(join(far, 'libneeded-short.so'), join(near, 'libneeded-short.so'));
        truncateSync(join(near, 'libneeded-short.so'), 4_096);
        const [fifo, short, sound] = openAll(engine, kind, [near, far], names);
        expect(fifo).to.match(
          /^OFFTHREAD_LIBRARY_INVALID .*needs .*libneeded-fifo\.so, which is not a regular/,
        );
        expect(short).to.match(
          /^OFFTHREAD_LIBRARY_INVALID .*needs .*libneeded-short\.so, which is truncated/,
        );
        expect(sound).to.equal('7');
      },
    );
  }

  ONLY_LINUX("the loader's cache is read", () => {
    const [libc] = loaderCandidates('libc.so.6');
    expect(libc).to.match(/^\/.*libc\.so\.6$/);
    expect(loaderCandidates('libnowhere.so.9')).to.deep.equal([]);
  });

  it('lists of folders are taken apart as the loader does', () => {
    expect(foldersOf('/a:/b;/c', '/o')).to.deep.equal(['/a', '/b', '/c']);
    expect(foldersOf('$ORIGIN/../lib:${ORIGIN}', '/o')).to.deep.equal(['/o/../lib', '/o']);
    expect(foldersOf(':/a', '/o')).to.deep.equal(['.', '/a']);
    expect(foldersOf('/$LIB', '/o')).to.deep.equal([]);
    expect(foldersOf('', '/o')).to.deep.equal([]);
  });
});
