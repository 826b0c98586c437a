/**
 * Where offthread is installed: the file that lanes run, and the engines beside it.
 *
 * Normally the lanes' file lies beside the file of the host. A bundler that puts the host's code into one file omits
 * it, because nothing imports it. It is then the file that the pool option `laneFile` names, one of the same name that
 * was copied to the folder of the bundle, or the one in an offthread that is installed where the bundle runs. It must
 * have the version of the host's code: host and lanes share the layout of memory.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JSON } from '../builtins.js';
import { LaneStartError } from '../errors.js';
import { VERSION } from './version.js';

/** Not imported: webpack replaces an imported `createRequire`, and resolves its requests when it bundles. */
const { createRequire } = process.getBuiltinModule('node:module');

/** The file that lanes run. Its first line is `HEADER` and its version. */
const LANE_FILE = 'offthread-lane.cjs';
const HEADER = '// offthread ';
/** Where the package has it. */
const PUBLISHED = 'dist/package';

interface Home {
  readonly laneFile: string;
  readonly require: NodeJS.Require;
}

let home: Home | undefined;

/**
 * The file that lanes run, as a path.
 * @param given that of the pool's options; null if there is none.
 * @throws LaneStartError if there is none of this version.
 */
export function laneFile(given: string | null): string {
  if (given === null) return found().laneFile;
  const version = versionOf(given);
  if (version === VERSION) return given;
  throw missing(
    version === undefined
      ? `The file that the option \`laneFile\` names does not exist, or is not the ${LANE_FILE} of offthread: ${given}.`
      : `The file that the option \`laneFile\` names, ${given}, is that of offthread ${version}, but this code has version ${VERSION}.`,
  );
}

/** Loads a package that offthread depends on, or that is installed beside it. @throws the error of loading the package. */
export function requireInstalled(name: string): unknown {
  return requireFor(name)(name);
}

function found(): Home {
  home ??= homeBeside() ?? installedHome();
  return home;
}

/** A `require` that finds a package: where offthread is; where `laneFile` names its file, from the program. */
function requireFor(name: string): NodeJS.Require {
  try {
    return found().require;
  } catch {
    const each = places().map((place) => createRequire(place));
    return each.find((one) => canResolve(one, name)) ?? (each[0] as NodeJS.Require);
  }
}

function canResolve(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** The folder with the file of the lanes: that of this code, or of a bundle. */
function homeBeside(): Home | undefined {
  for (const place of places()) {
    const file = join(dirname(place), LANE_FILE);
    if (versionOf(file) === VERSION) return { laneFile: file, require: createRequire(place) };
  }
  return undefined;
}

function installedHome(): Home {
  const others: string[] = [];
  for (const place of places()) {
    const file = packageFile(place);
    if (file === undefined) continue;
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
    const lanes = join(dirname(file), PUBLISHED, LANE_FILE);
    if (version === VERSION && existsSync(lanes)) return { laneFile: lanes, require: createRequire(file) };
    others.push(`${version} in ${dirname(file)}`);
  }
  throw missing(
    'The file that lanes run was not found. offthread was bundled into one file, which does not contain it; ' +
      (others[0] === undefined
        ? 'and offthread is not installed where that file runs.'
        : `the bundle has version ${VERSION}, but the version installed where that file runs is ${others[0]}.`),
  );
}

function missing(what: string): LaneStartError {
  return new LaneStartError(
    `${what} Copy node_modules/offthread/${PUBLISHED}/${LANE_FILE} of version ${VERSION} to the folder of the bundle, or name its path ` +
      'in the pool option `laneFile`. Or install offthread in a node_modules folder beside or above the bundle, and preferably ' +
      'exclude it from the bundle (esbuild: --external:offthread; ' +
      "webpack: externals: { offthread: 'commonjs offthread' }; Rollup: external: ['offthread']).",
    { code: 'OFFTHREAD_LANE_FILES' },
  );
}

/** The version of a file for lanes; undefined if it is not one. */
function versionOf(file: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    const bytes = Buffer.alloc(64);
    const [line = ''] = bytes.toString('utf8', 0, readSync(fd, bytes)).split('\n');
    return line.startsWith(HEADER) ? line.slice(HEADER.length).trim() : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Possible places of this code and of the program, the nearest first: this file or the bundle that it is in, the main
 * file, the binary, the current folder.
 */
function places(): string[] {
  const { url } = import.meta as { readonly url?: string };
  const own = url?.startsWith('file:') === true ? fileURLToPath(url) : undefined;
  const bundle = typeof __filename === 'string' ? __filename : undefined;
  const folder = join(process.cwd(), 'program.js');
  const all = [own, bundle, process.argv[1], process.execPath, folder];
  return all.filter((place) => place !== undefined && isAbsolute(place)) as string[];
}

function packageFile(place: string): string | undefined {
  try {
    return createRequire(place).resolve('offthread/package.json');
  } catch {
    return undefined;
  }
}
