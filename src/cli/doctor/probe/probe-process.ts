/** Runs one of the doctor's programs, which report on descriptor 3, to its end. */
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export interface ProbeEnd {
  /** What it wrote to descriptor 3. */
  readonly said: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether it was killed because it did not end. */
  readonly hung: boolean;
}

export const TIMEOUT_MS = 20_000;
const REPORT = 3;
/** Characters of output that are kept. */
const KEPT = 2_000;

/** @param program - the name of the program's file, beside this one in the package. */
export async function runProbe(
  program: string,
  args: readonly string[],
  { flags = [], folder }: { readonly flags?: readonly string[]; readonly folder?: string } = {},
): Promise<ProbeEnd> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [...flags, file, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let hung = false;
  const guard = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, TIMEOUT_MS);
  const texts = ['', '', '', ''];
  for (const [index, stream] of child.stdio.entries()) {
    if (!(stream instanceof Readable)) continue;
    stream.setEncoding('utf8').on('data', (text: string) => {
      const limit = index === REPORT ? Number.POSITIVE_INFINITY : KEPT;
      texts[index] = (texts[index] + text).slice(0, limit);
    });
  }
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, by) => resolve([status, by]));
  });
  clearTimeout(guard);
  const [, stdout = '', stderr = '', said = ''] = texts;
  return { said, stdout, stderr, code, signal, hung };
}
