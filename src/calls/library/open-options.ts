/** What `pool.open` is given, checked at the door. */
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
   * Whether the library finds its own symbols, and those of the libraries that it needs, before the program's
   * (`RTLD_DEEPBIND`). Default: where Node.js exports the same symbols, in its own version. Of glibc only. It has no
   * effect on what the process has loaded before.
   */
  readonly deep?: boolean;
  /**
   * Whether libraries that are loaded later, plug-ins say, find the symbols of this one (`RTLD_GLOBAL`). In thread lanes
   * that concerns the whole process. Default false.
   */
  readonly global?: boolean;
}

/** The same, filled in. */
export interface OpenSettings {
  readonly engine: 'auto' | EngineName;
  /** Null: where it has to be. */
  readonly deep: boolean | null;
  readonly global: boolean;
}

const ENGINES = ['auto', 'ffi-rs', 'koffi', 'node'] as const;

/**
 * The absolute path of a library, from where the program is now: it may be elsewhere later. A name without a slash is
 * what the loader searches for.
 * @throws ArgumentError for anything but a path, a library name or a file URL.
 */
export function libraryPath(path: unknown): string {
  // The system could not be told half of a character pair.
  if (typeof path === 'string' && path !== '' && !/[\0\p{Surrogate}]/u.test(path)) {
    return path.includes('/') ? resolve(path) : path;
  }
  try {
    if (path instanceof URL) return fileURLToPath(path);
  } catch (cause) {
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
