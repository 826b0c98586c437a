/** Runs the C program of a finding, for proof. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Reproducer } from '../verdict-types.js';
import { type Ended, type Program, compile, compileCommand } from './compile-run.js';

/** What a program has shown; null when it did not show the finding. */
export type Shown = (end: Ended) => string | null;

/** What a program of `raceProgram` counted. */
export interface RaceCounts {
  readonly trials: number;
  readonly rounds: number;
  readonly wrong: number;
  readonly crashed: number;
  readonly signal: number;
  readonly deadlocked: number;
}

/** @returns null when the program did not come to its end. */
export function raceCounts({ stdout }: Ended): RaceCounts | null {
  const found = /^trials=(\d+) rounds=(\d+) wrong=(\d+) crashed=(\d+) signal=(\d+) deadlocked=(\d+)$/m.exec(
    stdout,
  );
  if (found === null) return null;
  const [trials, rounds, wrong, crashed, signal, deadlocked] = found.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { trials, rounds, wrong, crashed, signal, deadlocked };
}

/**
 * Compiles a program and runs it.
 * @param folder where the program is kept; null for nowhere.
 */
export async function prove(
  program: Program,
  shown: Shown,
  { folder, timeoutMs }: { readonly folder: string | null; readonly timeoutMs: number },
): Promise<Reproducer> {
  const file = folder === null ? null : join(folder, `${program.name}.c`);
  if (file !== null) await writeFile(file, program.source);
  const base = { source: program.source, file, compile: compileCommand(program).join(' ') };
  const compiled = await compile(program);
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
