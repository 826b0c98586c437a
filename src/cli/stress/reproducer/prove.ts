/** Runs the C program of a finding, for proof. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Reproducer } from '../verdict-types.js';
import { type Ended, type Program, compile, compileCommand } from './compile-run.js';

/** What a program has shown; null when it did not show the finding. */
export type Shown = (end: Ended) => string | null;

/**
 * Compiles a program and runs it.
 * @param folder where the program is kept; null for nowhere.
 */
export async function prove(
  program: Program,
  shown: Shown,
  {
    folder,
    timeoutMs,
    signal,
  }: { readonly folder: string | null; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Reproducer> {
  const base = await keptProgram(program, folder);
  const compiled = await compile(program, [], signal);
  if (compiled === null)
    return { ...base, proof: 'not-run', why: 'This machine has no C compiler: there is no command cc.' };
  if (typeof compiled === 'string') return { ...base, proof: 'not-run', why: compiled };
  try {
    const end = await compiled.run(timeoutMs);
    const why = shown(end);
    return why === null
      ? { ...base, proof: 'not-shown', why: end.stdout.trim() || end.stderr.trim() }
      : { ...base, proof: 'shown', why };
  } finally {
    await compiled.remove();
  }
}

/** A program, written to its file. */
export async function keptProgram(
  program: Program,
  folder: string | null,
): Promise<Pick<Reproducer, 'source' | 'file' | 'compile'>> {
  const file = folder === null ? null : join(folder, `${program.name}.c`);
  if (file !== null) await writeFile(file, program.source);
  return { source: program.source, file, compile: compileCommand(program).join(' ') };
}
