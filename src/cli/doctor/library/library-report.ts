/** A library: what its file says, what loading it does, and what follows. */
import { type LibraryDescription, describeLibrary } from 'offthread';
import { libraryVerdict } from './library-findings.js';
import { type LoadTrial, loadTrial } from '../probe/load-trial.js';
import type { Verdict } from '../verdict.js';

export interface LibraryReport extends LibraryDescription {
  /** As the user named it. */
  readonly name: string;
  /** Null where there is nothing to load. */
  readonly loading: LoadTrial | null;
  readonly verdict: Verdict;
}

export async function libraryReport(name: string): Promise<LibraryReport> {
  const description = describeLibrary(name);
  const loading =
    description.problem !== null || description.file === null ? null : await loadTrial(description.file);
  return { name, ...description, loading, verdict: libraryVerdict(description, loading) };
}
