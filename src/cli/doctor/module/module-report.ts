/** A module: where it is, what loading it does, which add-ons it brings, and what follows. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, resolve } from 'node:path';
import { type LibraryDescription, describeLibrary } from 'offthread';
import type { LoadTrial } from '../probe/load-trial.js';
import type { Verdict } from '../verdict.js';
import { type Blocking, blockingOf } from './blocking.js';
import { laterAddOn } from './later-add-on.js';
import { moduleVerdict } from './module-findings.js';
import { type ThreadTrials, moduleTrial, threadTrials } from './module-trial.js';

export interface ModuleReport {
  /** As the user named it. */
  readonly name: string;
  /** The URL of what is loaded; null if it is not found. */
  readonly url: string | null;
  /** The add-ons that it loads, in this order; empty for JavaScript alone. */
  readonly addOns: readonly LibraryDescription[];
  /** An add-on of its package that it does not load at once, and that threads were tried with; null if there is none. */
  readonly laterAddOn: string | null;
  readonly loading: LoadTrial;
  /** Null where it cannot be loaded on a main thread. */
  readonly threads: ThreadTrials | null;
  readonly blocking: Blocking;
  readonly verdict: Verdict;
}

const EXTENSIONS = ['.node', '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'];

/** Whether the name is that of a module: a file by its extension, a built-in module, or a package that is installed here. */
export function isModule(name: string): boolean {
  if (EXTENSIONS.includes(extname(name)) || name.startsWith('node:')) return true;
  if (/^[./\\]/.test(name) || describeLibrary(name).file !== null) return false;
  return findsPackage(name);
}

/** The package itself decides what of it can be loaded: that it is there is enough. */
function findsPackage(name: string): boolean {
  const folders = createRequire(resolve('module.js')).resolve.paths(name) ?? [];
  return folders.some((folder) => existsSync(resolve(folder, name)));
}

/** @param folder - where the module is found from. */
export async function moduleReport(name: string, folder: string = process.cwd()): Promise<ModuleReport> {
  const { trial: loading, load } = await moduleTrial(name, folder);
  const addOns = (load?.addOns ?? []).map((file) => describeLibrary(file));
  const later = addOns.length > 0 ? null : laterAddOn(load?.url ?? null);
  const threads =
    loading.outcome === 'loaded' || loading.outcome === 'fell'
      ? await threadTrials(later ?? name, folder)
      : null;
  const facts = {
    addOns,
    laterAddOn: later,
    loading,
    threads,
    blocking: blockingOf(name, load?.synchronous ?? []),
  };
  return { name, url: load?.url ?? null, ...facts, verdict: moduleVerdict(facts) };
}
