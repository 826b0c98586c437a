/** Checks the arguments of `pool.module`. */
import { createRequire, isBuiltin } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ArgumentError } from '../errors.js';
import { duration, known, refuse, show, unlimited } from '../options/checks.js';
import type { ModulePlace } from '../shared/messages/module-messages.js';

/** Options of `pool.module`. */
export interface ModuleOptions {
  /**
   * Name of an export that is called once in each lane after the module was loaded there, and awaited. It gets a
   * {@link ModuleContext}. Default: none.
   */
  readonly setup?: string;
  /** Name of an export that is called once in each lane before the lane ends, and awaited. Default: none. */
  readonly teardown?: string;
  /** Passed to `setup` as `context.data`. It is cloned for each lane. */
  readonly data?: unknown;
  /** ms for loading and `setup` together, and for `teardown`. 0 is unlimited. Default 30,000. */
  readonly timeout?: number;
}

/** What a module's `setup` is given. */
export interface ModuleContext<Data = unknown> {
  /** Name of the lane. */
  readonly lane: string;
  /** The `data` of the options. */
  readonly data: Data;
}

/** Options of `pool.module` with defaults filled in. */
export interface ModuleSettings {
  readonly setup: string | null;
  readonly teardown: string | null;
  readonly data: unknown;
  readonly limitMs: number;
}

const OPTIONS = ['setup', 'teardown', 'data', 'timeout'];
const LOAD_MS = 30_000;

/** @throws ArgumentError */
export function moduleSettings(options: unknown): ModuleSettings {
  const given = known('module option', options, OPTIONS);
  return {
    setup: exportName('setup', given['setup']),
    teardown: exportName('teardown', given['teardown']),
    data: given['data'],
    limitMs: unlimited(duration('timeout', given['timeout'], LOAD_MS)),
  };
}

function exportName(option: string, value: unknown): string | null {
  if (value === undefined) return null;
  return typeof value === 'string' && value !== ''
    ? value
    : refuse(option, value, 'the name of an export of the module');
}

/**
 * Where a module is. A path is relative to the current directory, a package is one that is installed there.
 * @throws ArgumentError
 */
export function modulePlace(given: unknown): ModulePlace {
  if (given instanceof URL) return fromUrl(given.href, given);
  if (typeof given !== 'string' || given === '' || given.includes('\0')) {
    throw new ArgumentError(
      `The module is ${show(given)}; it must be a file URL, as in new URL('./work.js', import.meta.url), a path, or the name of a package.`,
    );
  }
  if (isBuiltin(given)) return { kind: 'url', url: given.startsWith('node:') ? given : `node:${given}` };
  if (/^(file|data|node):/.test(given)) return fromUrl(given, given);
  if (isAbsolute(given) || /^\.{1,2}(\/|\\|$)/.test(given)) return fromPath(resolve(given));
  return fromPath(inPackages(given));
}

function fromUrl(url: string, given: unknown): ModulePlace {
  if (!url.startsWith('file:')) return { kind: 'url', url };
  try {
    return fromPath(fileURLToPath(url), url);
  } catch (cause) {
    throw new ArgumentError(
      `The module is the URL ${show(given)}, which does not refer to a file on this system.`,
      { cause },
    );
  }
}

function fromPath(path: string, url: string = pathToFileURL(path).href): ModulePlace {
  if (path.endsWith('.node')) return { kind: 'addon', path };
  if (/\.(so(\.[\d.]+)?|dylib|dll)$/.test(path)) {
    throw new ArgumentError(
      `The module is ${show(path)}, a shared library. Open it with pool.open(path, declarations); pool.module loads JavaScript and add-ons (.node).`,
    );
  }
  return { kind: 'url', url };
}

function inPackages(name: string): string {
  try {
    return createRequire(join(process.cwd(), 'module.js')).resolve(name);
  } catch (cause) {
    throw new ArgumentError(
      `The module ${show(name)} is no path, and no package of that name is installed for ${process.cwd()}, or it has no entry for \`require\`. ` +
        `Pass a path that begins with ./ or /, a file URL, or what import.meta.resolve(${show(name)}) returns.`,
      { cause },
    );
  }
}
