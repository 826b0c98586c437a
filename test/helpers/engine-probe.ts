/** Compiles the C library of the engine tests into a folder of this run. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from './testlib.js';

/** A folder of libraries that is removed when the process ends. */
export const folder: string = mkdtempSync(join(tmpdir(), 'offthread-engines-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Compiles C code into a shared library, or whatever `flags` say. */
export function compile(name: string, code: string, flags: readonly string[] = ['-shared', '-fPIC']): string {
  const output = join(folder, name);
  const source = `${output}.c`;
  writeFileSync(source, code);
  execFileSync('cc', ['-O1', ...flags.slice(0, 2), '-o', output, source, ...flags.slice(2)]);
  return output;
}

let probe: string | undefined;

/** Path of the compiled `engine-probe.c`. */
export function probeLibrary(): string {
  if (probe !== undefined) return probe;
  probe = join(folder, 'probe.so');
  execFileSync('cc', [
    '-O1',
    '-shared',
    '-fPIC',
    '-o',
    probe,
    join(packageRoot(), 'test/fixtures/engine-probe.c'),
  ]);
  return probe;
}
