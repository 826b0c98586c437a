/**
 * The code in the documents, run as readers run it.
 *
 *   ```js    runs as it is
 *   ```ts    is compiled with the project's own settings, and what comes out runs
 *   ```c     is compiled to the library that its first line names: `// libcrunch.so`
 *
 * A sample whose first line names a module, `// work.mjs`, `// work.cjs` or `// work.mts`, is kept under that name, for the
 * samples after it.
 *
 * What a sample prints stands beside the code that prints it, as `// → text`;
 * `…` stands for anything. Imports of 'offthread' are those of the package.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/cli/demo/files.js';

export const root: string = projectRoot();

/** One fenced block. */
export interface Sample {
  readonly language: 'js' | 'ts' | 'c';
  readonly code: string;
  /** Of its first line in the document, from 1. */
  readonly line: number;
  /** The heading it stands under. */
  readonly heading: string;
}

/** The fenced js, ts and c blocks of a document, in their order. */
export function samplesOf(document: string): Sample[] {
  const samples: Sample[] = [];
  let heading = '';
  let fence: { language: string; line: number; code: string[] } | undefined;
  for (const [index, text] of readFileSync(join(root, document), 'utf8').split('\n').entries()) {
    if (fence !== undefined) {
      if (!text.startsWith('```')) fence.code.push(text);
      else {
        const { language, line, code } = fence;
        if (language === 'js' || language === 'ts' || language === 'c')
          samples.push({ language, code: code.join('\n'), line, heading });
        fence = undefined;
      }
    } else if (text.startsWith('```')) fence = { language: text.slice(3).trim(), line: index + 2, code: [] };
    else if (text.startsWith('#')) heading = text.replace(/^#+ /, '');
  }
  return samples;
}

/** What a sample says that it prints. */
export function promised(code: string): string[] {
  return [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => (text as string).trimEnd());
}

/** Whether a printed line is the promised one. */
export function keeps(promise: string, line: string): boolean {
  const parts = promise.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(line);
}

/** The names that Linux gives to libraries of every system, and what others call them. */
const ELSEWHERE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  darwin: {
    'libz.so.1': 'libz.1.dylib',
    'libc.so.6': 'libSystem.B.dylib',
    'libm.so.6': 'libSystem.B.dylib',
    'libsqlite3.so.0': '/usr/lib/libsqlite3.dylib',
  },
};

function here(code: string): string {
  return Object.entries(ELSEWHERE[process.platform] ?? {}).reduce(
    (text, [linux, other]) => text.replaceAll(linux, other),
    code,
  );
}

/** A folder for the samples of one document. Inside the package, so that 'offthread' is this one. */
export function workshop(document: string): string {
  const folder = join(root, 'build/docs', document.replaceAll(/\W/g, '-'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

function succeed(what: string, command: string, args: readonly string[], folder: string): string {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  if (status === 0) return stdout;
  throw new Error(`${what} ended with ${error?.message ?? signal ?? status}:\n${stdout}${stderr}`);
}

/** Runs a sample. @returns the lines that it printed. @throws when it fails. */
export function run(sample: Sample, folder: string): string[] {
  const [, named, extension = ''] = /^\/\/ ([\w-]+)\.([cm])[jt]s\n/.exec(sample.code) ?? [];
  const name = named ?? `line-${sample.line}`;
  const code = here(sample.code);
  if (sample.language === 'c') return compileC(code, name, folder);
  const file = `${name}.${extension === 'c' ? 'cjs' : 'mjs'}`;
  if (sample.language === 'ts') compileTypeScript(code, name, folder);
  else writeFileSync(join(folder, file), code);
  const printed = succeed(name, process.execPath, [file], folder);
  return printed.split('\n').slice(0, -1);
}

function compileC(code: string, name: string, folder: string): string[] {
  const library = /^\/\/ (lib[\w-]+\.so)$/m.exec(code)?.[1];
  if (library === undefined) throw new Error('The first line of a C sample names its library: // libname.so');
  writeFileSync(join(folder, `${name}.c`), code);
  const flags = [
    '-std=c99',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-O2',
    '-shared',
    '-fPIC',
    '-I',
    join(root, 'native'),
  ];
  succeed(name, process.env['CC'] ?? 'cc', [...flags, `${name}.c`, '-o', library], folder);
  return [];
}

function compileTypeScript(code: string, name: string, folder: string): void {
  writeFileSync(join(folder, `${name}.mts`), code);
  const config = {
    extends: '../../../tsconfig.json',
    compilerOptions: {
      rootDir: '.',
      outDir: '.',
      // The types that are published, not the source that they are made of.
      paths: {},
      declaration: false,
      declarationMap: false,
      isolatedDeclarations: false,
      sourceMap: false,
    },
    files: [`${name}.mts`],
    include: [],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  succeed(name, process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], folder);
}
