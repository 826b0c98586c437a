/**
 * Where offthread is installed: the files that lanes run, and the packages that
 * it needs.
 *
 * Normally this is the package of this file. A bundler that puts the host's code into one file omits the lanes' files,
 * because nothing imports them. They are then taken from the offthread that is installed where the bundle runs. Both
 * must have the same version: host and lanes share the layout of memory.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JSON } from '../builtins.js';
import { LaneStartError } from '../errors.js';
import { VERSION } from './version.js';

/** Not imported: webpack replaces an imported `createRequire`, and resolves its requests when it bundles. */
const { createRequire } = process.getBuiltinModule('node:module');

interface Home {
  readonly workers: string;
  readonly require: NodeJS.Require;
}

export type WorkerFile = 'thread-entry' | 'process-entry' | 'interrupt-entry';

let home: Home | undefined;

/** Checks, before a pool is created, that the package is found. @throws LaneStartError */
export function requireHome(): void {
  home ??= ownHome() ?? installedHome();
}

/** A file that lanes run, as a path. @throws LaneStartError */
export function workerFile(name: WorkerFile): string {
  return join(found().workers, `${name}.js`);
}

/** Loads a package that offthread depends on, or that is installed beside it. @throws LaneStartError, or the error of loading the package. */
export function requireInstalled(name: string): unknown {
  return found().require(name);
}

function found(): Home {
  requireHome();
  return home as Home;
}

/** URL of this file, or of the bundle that it is in; bundles of CommonJS have none. */
function ownUrl(): string | undefined {
  const { url } = import.meta as { readonly url?: string };
  return url?.startsWith('file:') === true ? url : undefined;
}

function ownHome(): Home | undefined {
  const url = ownUrl();
  if (url === undefined) return undefined;
  const workers = join(dirname(fileURLToPath(url)), '../../workers');
  return existsSync(join(workers, 'thread-entry.js')) ? { workers, require: createRequire(url) } : undefined;
}

function installedHome(): Home {
  const others: string[] = [];
  for (const place of places()) {
    const file = packageFile(place);
    if (file === undefined) continue;
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
    const workers = join(dirname(file), 'dist/workers');
    if (version === VERSION && existsSync(join(workers, 'thread-entry.js')))
      return { workers, require: createRequire(file) };
    others.push(`${version} in ${dirname(file)}`);
  }
  throw new LaneStartError(
    'The files that lanes run were not found. offthread was bundled into one file, which does not contain them; ' +
      (others[0] === undefined
        ? 'and offthread is not installed where that file runs. '
        : `the bundle has version ${VERSION}, but the version installed where that file runs is ${others[0]}. `) +
      'Install offthread in a node_modules folder beside or above the bundle, and preferably exclude it from the bundle (esbuild: --external:offthread; ' +
      "webpack: externals: { offthread: 'commonjs offthread' }; Rollup: external: ['offthread']).",
    { code: 'OFFTHREAD_LANE_FILES' },
  );
}

/**
 * Possible places of the program, the nearest first: a CommonJS bundle, the main file, the binary, the current folder.
 */
function places(): string[] {
  const bundle = typeof __filename === 'string' ? __filename : undefined;
  const folder = join(process.cwd(), 'program.js');
  return [ownUrl(), bundle, process.argv[1], process.execPath, folder].filter((place) => place !== undefined);
}

function packageFile(place: string): string | undefined {
  try {
    return createRequire(place).resolve('offthread/package.json');
  } catch {
    return undefined;
  }
}
