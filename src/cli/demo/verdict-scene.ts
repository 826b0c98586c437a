/**
 * A stress verdict: whether a function may be called from threads. The function hands out a static buffer: one of a library
 * that is compiled for it, or l64a() of the C library, where there is no compiler.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkThreadSafety } from '../stress/safety/check-thread-safety.js';
import type { ThreadSafetyVerdict } from '../stress/verdict-types.js';
import { namesOf } from '../target/system-library.js';
import { targetOf } from '../target/target-options.js';

export interface VerdictScene {
  /** Of the function. */
  readonly symbol: string;
  /** Where it is, in words. */
  readonly where: string;
  readonly verdict: ThreadSafetyVerdict;
}

const SOURCE = `#include <stdio.h>

const char *label(int n) {
  static char text[32];
  snprintf(text, sizeof text, "item %d", n);
  return text;
}
`;

const CHECK_MS = 3_000;
const COMPILE_MS = 20_000;
/** Numbers that the function is called with. */
const NUMBERS = 16;

interface Unsafe extends Pick<VerdictScene, 'where'> {
  readonly library: string;
  readonly prototype: string;
}

export async function judgeStaticBuffer(): Promise<VerdictScene> {
  const folder = await mkdtemp(join(tmpdir(), 'offthread-demo-'));
  try {
    const { library, prototype, where } = (await planted(folder)) ?? ofLibc();
    const target = targetOf(library, prototype, { outParameter: [], inoutParameter: [], engine: 'auto' });
    const verdict = await checkThreadSafety({
      target,
      items: Array.from({ length: NUMBERS }, (_, at) => [1_000 + 37 * at]),
      sequence: 1,
      ignored: new Set(),
      compareWith: null,
      lanes: Math.max(4, 2 * availableParallelism()),
      durationMs: CHECK_MS,
      seed: 1,
      signal: new AbortController().signal,
      folder: null,
    });
    return { symbol: target.description.symbol, where, verdict };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns null where there is no compiler. */
async function planted(folder: string): Promise<Unsafe | null> {
  const library = join(folder, process.platform === 'darwin' ? 'label.dylib' : 'label.so');
  await writeFile(join(folder, 'label.c'), SOURCE);
  const args = ['-shared', '-fPIC', '-O2', '-o', library, join(folder, 'label.c')];
  try {
    await promisify(execFile)(process.env['CC'] || 'cc', args, { timeout: COMPILE_MS });
  } catch {
    return null;
  }
  return { library, prototype: 'const char *label(int n)', where: 'of a library compiled just now' };
}

function ofLibc(): Unsafe {
  const [library = ''] = namesOf('libc');
  return { library, prototype: 'char *l64a(long value)', where: 'of the C library' };
}
