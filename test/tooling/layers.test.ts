/** The layer rule of the linter catches what it should, and nothing else. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Each layer, and the layers that it may import from. */
const sees: Record<string, string> = {
  errors: '',
  options: 'errors',
  declare: 'errors options',
  shared: 'errors options declare',
  engines: 'errors options declare shared',
  lanes: 'errors options declare shared engines',
  observe: 'errors options declare shared',
  supervisor: 'errors options declare shared engines lanes observe',
  calls: 'errors options declare shared engines lanes observe supervisor',
  pool: 'errors options declare shared engines lanes observe supervisor calls',
  index: 'errors options declare shared engines lanes observe supervisor calls pool',
  cli: 'errors options declare shared engines lanes observe supervisor calls pool index workers',
  workers: 'errors declare shared engines',
};

/** Packages that belong to some layers only. */
const packages: Record<string, string> = {
  koffi: 'engines cli',
  'ffi-rs': 'engines cli',
  'node:ffi': 'engines cli',
  piscina: 'lanes workers cli',
  comlink: 'lanes workers cli',
};

const single = ['errors', 'pool', 'index'];

/** Layers have sub-folders, and what is in them is held to the same order. */
function fileOf(layer: string): string {
  if (layer === 'workers') return 'workers/part/some.ts';
  return single.includes(layer) ? `src/${layer}.ts` : `src/${layer}/part/some.ts`;
}

function specifier(from: string, to: string): string {
  const path = posix.relative(posix.dirname(fileOf(from)), fileOf(to).replace(/ts$/, 'js'));
  return path.startsWith('.') ? path : `./${path}`;
}

/** Every import there can be between two layers, and whether it is allowed. */
function everyImport(): { from: string; name: string; target: string; allowed: boolean }[] {
  const names = Object.keys(sees);
  return names.flatMap((from) => [
    ...names
      .filter((to) => to !== from)
      .map((to) => ({ from, name: to, target: specifier(from, to), allowed: list(sees[from]).includes(to) })),
    ...Object.entries(packages).map(([name, users]) => ({
      from,
      name,
      target: name,
      allowed: list(users).includes(from),
    })),
  ]);
}

const list = (words: string | undefined): string[] => (words ?? '').split(' ');

/** Lints a tree with one file for each layer, one import a line, and tells what the linter refused. */
function refused(statement: (target: string) => string): string[] {
  const lines = new Map<string, string[]>();
  for (const { from, target } of everyImport()) {
    const file = fileOf(from);
    lines.set(file, [...(lines.get(file) ?? []), statement(target)]);
  }
  const folder = mkdtempSync(join(tmpdir(), 'offthread-layers-'));
  try {
    copyFileSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    for (const [file, text] of lines) {
      mkdirSync(join(folder, dirname(file)), { recursive: true });
      writeFileSync(join(folder, file), text.join('\n'));
    }
    const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
    const run = spawnSync(process.execPath, [oxlint, '--format=json'], { cwd: folder, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(run.stdout) as {
      diagnostics: { code: string; filename: string; labels: { span: { line: number } }[] }[];
    };
    return diagnostics
      .filter(({ code }) => code.includes('no-restricted-imports'))
      .map(({ filename, labels }) => `${filename}: ${lines.get(filename)?.[(labels[0]?.span.line ?? 0) - 1]}`)
      .sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the layer rule of the linter', () => {
  const forms: Record<string, (target: string) => string> = {
    imports: (target) => `import '${target}';`,
    'type imports': (target) => `import type {} from '${target}';`,
    're-exports': (target) => `export * from '${target}';`,
  };
  for (const [what, statement] of Object.entries(forms)) {
    it(`refuses ${what} against the order, and no others`, () => {
      const expected = everyImport()
        .filter(({ allowed }) => !allowed)
        .map(({ from, target }) => `${fileOf(from)}: ${statement(target)}`);
      expect(refused(statement)).to.deep.equal(expected.sort());
    });
  }
});
