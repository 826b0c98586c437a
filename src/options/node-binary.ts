/** The binary that process lanes run on. */
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ArgumentError } from '../errors.js';
import { refuse, thrownText } from './checks.js';

/**
 * Checks that this program's binary is Node.js: another binary would start the program again instead of a lane.
 * @throws ArgumentError
 */
export function requireNode(env: Readonly<Record<string, string>>): void {
  const what = packedAs(env);
  if (what === undefined) return;
  throw new ArgumentError(
    `Process lanes need a Node.js binary, but this program is ${what}: its own binary (${process.execPath}) would start the program again. ` +
      "Pass the path of a Node.js binary, as in { isolation: 'process', execPath: '/usr/bin/node' }, or use thread lanes." +
      (what === 'Electron'
        ? ' With { env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" } } Electron runs as Node.js.'
        : ''),
  );
}

/** How this program is packaged; undefined if its binary is Node.js. */
function packedAs(env: Readonly<Record<string, string>>): string | undefined {
  const { electron, bun, deno } = process.versions;
  if (electron !== undefined) return env['ELECTRON_RUN_AS_NODE'] === undefined ? 'Electron' : undefined;
  if (bun !== undefined) return 'run by Bun';
  if (deno !== undefined) return 'run by Deno';
  if ('pkg' in process) return 'packed by pkg';
  return process.getBuiltinModule('node:sea').isSea() ? 'a single executable application' : undefined;
}

/** The absolute path of an executable. @throws ArgumentError */
export function executable(value: unknown, env: Readonly<Record<string, string>>): string {
  const wanted = 'the path of a Node.js binary that this process can execute';
  if (typeof value !== 'string' || value === '' || value.includes('\0')) refuse('execPath', value, wanted);
  const path = resolve(value);
  try {
    if (!statSync(path).isFile()) refuse('execPath', value, `${wanted}; this is not a file`);
    accessSync(path, constants.X_OK);
  } catch (error) {
    if (error instanceof ArgumentError) throw error;
    refuse('execPath', value, `${wanted}; ${thrownText(error)}`);
  }
  if (realpathSync(path) === realpathSync(process.execPath)) requireNode(env);
  return path;
}
