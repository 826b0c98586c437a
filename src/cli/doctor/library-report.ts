/** A library: what its file says, what loading it does, and what follows. */
import { type LibraryDescription, describeLibrary } from 'offthread';
import { type LibraryVerdict, libraryVerdict } from './library-findings.js';
import { type LoadTrial, loadTrial } from './load-trial.js';

export interface LibraryReport extends LibraryDescription {
  /** As the user named it. */
  readonly name: string;
  /** Null where there is nothing to load. */
  readonly loading: LoadTrial | null;
  readonly verdict: LibraryVerdict;
}

export async function libraryReport(name: string): Promise<LibraryReport> {
  const description = describeLibrary(name);
  const loading =
    description.problem !== null || description.file === null ? null : await loadTrial(description.file);
  return { name, ...description, loading, verdict: libraryVerdict(description, loading) };
}
