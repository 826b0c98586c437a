/** Compiles the C library of the load tests, `scaling.c`, into a folder of this run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from './engine-probe.js';
import { packageRoot } from './testlib.js';

const FLAGS = ['-shared', '-fPIC', '-lpthread'];
const built = new Map<string, string>();

/** Path of the library, or of its other build, whose `shifted` is slower and has another result for 3. */
export function scalingLibrary(build: 'first' | 'other' = 'first'): string {
  const known = built.get(build);
  if (known !== undefined) return known;
  const source = readFileSync(join(packageRoot(), 'test/fixtures/scaling.c'), 'utf8');
  const define = build === 'other' ? '#define OTHER_BUILD\n' : '';
  const path = compile(`scaling-${build}.so`, define + source, FLAGS);
  built.set(build, path);
  return path;
}
