/** What the scripts share: where things are, running a tool quietly, telling whether files changed. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export const inRoot = (...parts) => join(root, ...parts);

/** One short line for something that takes time. Standard output belongs to the command that was asked for. */
export function say(line) {
  process.stderr.write(`offthread: ${line}\n`);
}

/** Ends the script with a message: what happened and what to do. */
export function fail(message) {
  say(message);
  process.exit(1);
}

/** Runs a tool without showing it; shows everything it said when it fails, and ends the script. */
export function runQuietly(what, command, args, { hint, ...options } = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  if (result.error === undefined && result.status === 0) return result;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  const how =
    result.error?.message ?? (result.signal ? `killed by ${result.signal}` : `exit code ${result.status}`);
  fail(`${what} failed (${how}).${hint ? ` ${hint}` : ''}`);
}

/**
 * Runs a command in this terminal and resolves to its exit code; 128 + n when signal n ended it. `onOutput` gets what it
 * prints in place of the terminal.
 */
export async function runHere(command, args, { onOutput, ...options } = {}) {
  const stdio = onOutput === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'];
  const child = spawn(command, args, { cwd: root, stdio, ...options });
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', onOutput);
  // The terminal sends its interrupts to the child as well; this script lives on to pass on how it ended.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  const forward = () => child.kill('SIGTERM');
  process.on('SIGTERM', forward);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 1)));
    });
  } finally {
    process.off('SIGINT', ignore);
    process.off('SIGTERM', forward);
  }
}

/** npm as this very Node runs it: inside an npm script, the npm that started it. */
export function npmCommand() {
  const script = process.env.npm_execpath;
  return script !== undefined && /npm-cli\.c?js$/.test(script)
    ? { command: process.execPath, prefix: [script] }
    : { command: 'npm', prefix: [] };
}

/** Installs what the lock file of a folder says, where that changed; install scripts do not run. */
export function ensureFolder(folder, what) {
  const print = fingerprint([`${folder}/package-lock.json`]);
  const stamp = `${folder}/node_modules/.stamp`;
  if (readStamp(stamp) === print) return;
  say(`installing ${what}`);
  const npm = npmCommand();
  const flags = [
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  runQuietly('npm ci', npm.command, [...npm.prefix, 'ci', '--prefix', inRoot(folder), ...flags], {
    hint: 'npm ci needs the registry once; after that everything runs offline.',
  });
  writeStamp(stamp, print);
}

/** Every file below the folder, as paths from the root with forward slashes, in a stable order. */
export function filesBelow(folder, accept = () => true) {
  const start = inRoot(folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter(accept)
    .sort();
}

/** One hash over names and contents: times lie after a checkout or a copy, contents do not. */
export function fingerprint(files, ...extra) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${file}\0`);
    hash.update(readFileSync(inRoot(file)));
    hash.update('\0');
  }
  for (const text of extra) hash.update(`${text}\0`);
  return hash.digest('hex');
}

export function readStamp(file) {
  try {
    return readFileSync(inRoot(file), 'utf8');
  } catch {
    return '';
  }
}

export function writeStamp(file, text) {
  mkdirSync(dirname(inRoot(file)), { recursive: true });
  writeFileSync(inRoot(file), text);
}

export function readJson(file) {
  try {
    return JSON.parse(readFileSync(inRoot(file), 'utf8'));
  } catch {
    return undefined;
  }
}
