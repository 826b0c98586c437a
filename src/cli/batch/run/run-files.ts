/** The files that a run writes: results, failed items, the log. With a state directory they are committed together. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Output } from '../../console/output.js';
import { UsageError } from '../../console/usage-error.js';
import type { BatchSettings } from '../batch-settings.js';
import { EMPTY, OutputFile } from '../output/output-file.js';
import type { Sink } from '../output/sink.js';
import { StreamSink } from '../output/stream-sink.js';
import type { FileMark } from '../state/journal.js';

export interface RunFiles {
  readonly out: Sink;
  readonly deadLetter: Sink | null;
  readonly log: Sink | null;
}

/** The files of a run with a state directory. */
export interface CommittedFiles extends RunFiles {
  readonly out: OutputFile;
  readonly deadLetter: OutputFile | null;
  readonly log: OutputFile | null;
}

export type FileName = keyof RunFiles;
export const FILE_NAMES: readonly FileName[] = ['out', 'deadLetter', 'log'];

/** Where the results of a run are. */
export function outPath({ out, state }: Pick<BatchSettings, 'out' | 'state'>): string {
  return out ?? join(state as string, 'results.ndjson');
}

/** Opens the files of a run that cannot be resumed: they are written from their beginning. @throws UsageError */
export async function openFiles({ out, deadLetter, log }: BatchSettings): Promise<RunFiles> {
  const optional = async (path: string | null): Promise<StreamSink | null> =>
    path === null ? null : new StreamSink(await streamTo(path));
  return {
    out: (await optional(out)) ?? new StreamSink(new Output()),
    deadLetter: await optional(deadLetter),
    log: await optional(log),
  };
}

/** Opens the files of a run as they were at its last commit. @throws (rejects) UsageError */
export async function openCommitted(
  settings: BatchSettings,
  marks: Readonly<Record<string, FileMark>>,
): Promise<CommittedFiles> {
  const optional = async (name: 'deadLetter' | 'log'): Promise<OutputFile | null> => {
    const path = settings[name];
    return path === null ? null : OutputFile.open(path, marks[name] ?? EMPTY);
  };
  return {
    out: await OutputFile.open(outPath(settings), marks['out'] ?? EMPTY),
    deadLetter: await optional('deadLetter'),
    log: await optional('log'),
  };
}

/** Writes what has been added to any of them, and to the end. */
export async function flushAll(files: RunFiles): Promise<void> {
  for (const name of FILE_NAMES) await files[name]?.flush();
}

async function streamTo(path: string): Promise<Output> {
  const stream = createWriteStream(path);
  try {
    await new Promise<void>((resolve, reject) => {
      stream.once('open', () => resolve());
      stream.once('error', reject);
    });
  } catch (error) {
    throw new UsageError(`${path} cannot be written: ${(error as Error).message}.`);
  }
  return new Output(stream);
}
