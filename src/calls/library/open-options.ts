/** Checks the arguments of `pool.open`. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineName } from '../../declare/spec.js';
import { ArgumentError } from '../../errors.js';
import { known, refuse, show } from '../../options/checks.js';

/** Options of `pool.open`. */
export interface OpenOptions {
  /** Which engine performs the calls. Default `auto`: koffi where the application has it installed, else ffi-rs. */
  readonly engine?: 'auto' | EngineName;
  /**
   * Whether the library's symbols, and those of the libraries that it depends on, are resolved before the program's
   * (`RTLD_DEEPBIND`). Default: true if Node.js exports the same symbols in its own version, otherwise false. glibc
   * only. Has no effect on libraries that the process has already loaded.
   */
  readonly deep?: boolean;
  /**
   * Whether libraries that are loaded later, for example plug-ins, can use the symbols of this one (`RTLD_GLOBAL`). In
   * thread lanes this affects the whole process. Default false.
   */
  readonly global?: boolean;
}

/** Options of `pool.open` with defaults filled in. */
export interface OpenSettings {
  readonly engine: 'auto' | EngineName;
  /** Null: only if necessary. */
  readonly deep: boolean | null;
  readonly global: boolean;
}

const ENGINES = ['auto', 'ffi-rs', 'koffi', 'node'] as const;

/** Names of modules of JavaScript, and of add-ons. */
const MODULE = /\.([cm]?[jt]sx?|node)$/;

function noLibrary(path: string): ArgumentError {
  return new ArgumentError(
    `The library is ${show(path)}, a module of ${path.endsWith('.node') ? 'native code that Node.js loads (an add-on)' : 'JavaScript'}. ` +
      `Load it with pool.module(${show(path)}); pool.open is for shared libraries, whose functions it calls by their declarations.`,
  );
}

/**
 * The absolute path of a library, relative to the current directory, which may change later. The loader searches for a
 * name without a slash.
 * @throws ArgumentError if the value is not a path, a library name or a file URL.
 */
export function libraryPath(path: unknown): string {
  // A lone surrogate cannot be passed to the system.
  if (typeof path === 'string' && path !== '' && !/[\0\p{Surrogate}]/u.test(path)) {
    if (MODULE.test(path)) throw noLibrary(path);
    return path.includes('/') ? resolve(path) : path;
  }
  try {
    if (path instanceof URL) {
      if (MODULE.test(path.pathname)) throw noLibrary(path.href);
      return fileURLToPath(path);
    }
  } catch (cause) {
    if (cause instanceof ArgumentError) throw cause;
    const why = cause instanceof Error ? cause.message : 'the URL cannot be read';
    throw new ArgumentError(
      `The library is the URL ${show(path)}, which does not refer to a file on this system: ${why}.`,
      {
        cause,
      },
    );
  }
  throw new ArgumentError(
    `The library is ${show(path)}; it must be a path, a name such as 'libz.so.1', or a file URL.`,
  );
}

/** @throws ArgumentError */
export function openSettings(options: unknown): OpenSettings {
  const { engine = 'auto', deep, global } = known('open option', options, ['engine', 'deep', 'global']);
  if (!ENGINES.includes(engine as OpenSettings['engine'])) {
    refuse('engine', engine, `one of ${ENGINES.map((one) => `'${one}'`).join(', ')}`);
  }
  return {
    engine: engine as OpenSettings['engine'],
    deep: truth('deep', deep) ?? null,
    global: truth('global', global) ?? false,
  };
}

function truth(name: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  return refuse(name, value, 'true or false');
}
