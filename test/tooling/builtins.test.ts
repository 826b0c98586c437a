/** M33: what a program may replace is taken in one place, and nowhere else. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Those that take them, and the command line, a program of its own. */
const exempt = /^src\/(builtins|promises|lanes\/thread\/originals)\.ts$|^src\/cli\//;

/** The code of every file that has to take them from there, without its comments. */
function sources(): { file: string; code: string }[] {
  const files = ['src', 'workers'].flatMap((folder) =>
    (readdirSync(join(root, folder), { recursive: true }) as string[]).map((file) => `${folder}/${file}`),
  );
  return files
    .filter((file) => file.endsWith('.ts') && !exempt.test(file))
    .map((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      return { file, code: text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '') };
    });
}

function users(pattern: RegExp): string[] {
  return sources()
    .filter(({ code }) => pattern.test(code))
    .map(({ file }) => file);
}

describe('builtins', () => {
  it('are no global ones: the linter says so', () => {
    const lines = [
      'export const at: number = performance.now();',
      'queueMicrotask(() => {});',
      'setImmediate(() => {});',
      'export const timer: unknown = setTimeout(() => {}, Date.now());',
      'export const all: Promise<unknown> = Promise.all([]);',
      'export const length: number = Math.max(1, Atomics.load(new Int32Array(1), 0));',
    ];
    const folder = mkdtempSync(join(tmpdir(), 'offthread-builtins-'));
    try {
      copyFileSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
      for (const room of ['src/calls', 'workers', 'src/cli']) {
        mkdirSync(join(folder, room), { recursive: true });
        writeFileSync(join(folder, room, 'some.ts'), lines.join('\n'));
      }
      const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
      const run = spawnSync(process.execPath, [oxlint, '--format=json'], { cwd: folder, encoding: 'utf8' });
      const { diagnostics } = JSON.parse(run.stdout) as {
        diagnostics: { code: string; filename: string; message: string }[];
      };
      const found = diagnostics
        .filter(({ code }) => code.includes('no-restricted-globals'))
        .map(({ filename, message }) => `${filename} ${/'(\w+)'/.exec(message)?.[1]}`);
      const names = [
        'performance',
        'queueMicrotask',
        'setImmediate',
        'setTimeout',
        'Date',
        'Promise',
        'Math',
        'Atomics',
      ];
      const due = ['src/calls', 'workers'].flatMap((room) => names.map((name) => `${room}/some.ts ${name}`));
      expect(found.sort()).to.deep.equal(due.sort());
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('are not imported from modules that change with them', () => {
    expect(users(/from '(node:)?(timers|timers\/promises|perf_hooks)'/)).to.deep.equal([]);
  });

  it('are not those of a module that opens stdin, stdout and stderr when it is imported', () => {
    expect(users(/from '(node:)?process'/)).to.deep.equal([]);
  });

  it('are not methods of promises', () => {
    expect(users(/\.(then|catch|finally)\(/)).to.deep.equal([]);
    expect(users(/\bPromise\.\w/)).to.deep.equal([]);
  });

  it('are not properties of the process', () => {
    expect(users(/\bprocess\.(nextTick|hrtime)\b/)).to.deep.equal([]);
  });
});
