/** The errors for a library that cannot be opened: the same with every engine. */
import { basename, resolve } from 'node:path';

import { EngineError, LibraryNotFoundError, type OffthreadError, SymbolNotFoundError } from '../../errors.js';
import { inspectLibraryFile } from './library-format.js';
import { pathOfName } from './loader-alias.js';

/** Turns the message of `dlopen` into an OffthreadError. `text` may have an engine's own text around that message. */
export function libraryFailure(path: string, text: string, cause?: unknown): OffthreadError {
  const said = unwrap(text);
  if (/wrong ELF class|incompatible architecture|wrong architecture/i.test(said)) {
    return failure(path, 'OFFTHREAD_LIBRARY_ARCHITECTURE', 'it was built for another architecture', said, {
      remedy: `Use a build for ${process.platform} ${process.arch}.`,
      cause,
    });
  }
  const missing = missingFile(said);
  if (missing !== null && (missing === '' || missing === path)) return notFound(path, said, cause);
  if (missing !== null) {
    return failure(path, 'OFFTHREAD_LIBRARY_LOAD', `it needs ${missing}, which was not found`, said, {
      remedy: `Install ${missing}, or add its folder to ${searchVariable()} before Node.js starts.`,
      cause,
    });
  }
  // The message names the file that the loader found: for the name, or for a library that the library needs.
  const found = /^(\/.*?): /s.exec(said)?.[1];
  const problem = found === undefined || found === path ? null : inspectLibraryFile(found);
  if (problem !== null) {
    const which =
      basename(found as string) === path ? `the loader resolves it to ${found}` : `it needs ${found}`;
    return failure(path, problem.code, `${which}, which ${problem.what}`, said, {
      remedy: problem.remedy,
      cause,
    });
  }
  if (NOT_A_LIBRARY.test(said)) {
    return failure(path, 'OFFTHREAD_LIBRARY_INVALID', 'it is not a shared library', said, {
      remedy: 'Pass the path of a complete shared library (.so, .dylib), not of an executable.',
      cause,
    });
  }
  return failure(path, 'OFFTHREAD_LIBRARY_LOAD', 'the dynamic loader rejected it', said, {
    remedy: remedyFor(said),
    cause,
  });
}

/** The error for a function that is not in a library. */
export function symbolNotFound(path: string, symbol: string, cause?: unknown): SymbolNotFoundError {
  if (path.endsWith('.node')) {
    return new SymbolNotFoundError(
      `The library '${pathOfName(path)}' has no function '${symbol}': it is a Node.js add-on, which exposes its functions only to JavaScript. ` +
        'Open the C library that the add-on wraps (.so, .dylib), or load the add-on with require() in a worker thread.',
      { symbol, cause },
    );
  }
  const where = path === '' ? 'The C library' : `The library '${pathOfName(path)}'`;
  return new SymbolNotFoundError(
    `${where} has no function '${symbol}'. Check the spelling, and that the function is exported ` +
      `(C++ needs extern "C"). 'nm -D' lists the exported functions.`,
    { symbol, cause },
  );
}

const NOT_A_LIBRARY =
  /invalid ELF header|file too short|too small|cannot read file data|data encoding|Is a directory|not a mach-o|not valid mach-o|Exec format|cannot dynamically load|Not a valid dynamic program/i;

/** The file that was not found; '' if the text names no file (koffi drops the library's own name); null for other errors. */
function missingFile(said: string): string | null {
  const glibc =
    /^(?:(.*): )?cannot open shared object file: (?:No such file|Not a directory|File name too long)/s;
  const musl = /^Error loading shared library (.*?): No such file/s;
  const dyld = /Library not loaded: (\S+)/;
  const match = dyld.exec(said) ?? glibc.exec(said) ?? musl.exec(said);
  if (match !== null) return match[1] ?? '';
  return /^dlopen\(.*(?:no such file|image not found)/is.test(said) ? '' : null;
}

/** Removes the text that engines put around the message. */
function unwrap(text: string): string {
  const inner = /error: "(.*)" \}\s*$/s.exec(text)?.[1] ?? text;
  return inner.replace(/^dlopen failed: |^Failed to load shared library: /, '');
}

function notFound(path: string, said: string, cause: unknown): LibraryNotFoundError {
  const message = path.includes('/')
    ? `Cannot find the library '${path}': there is no file ${resolve(path)}. Check the path` +
      (path.startsWith('/') ? '.' : ', which is relative to the current folder.')
    : `Cannot find the library '${path}': the dynamic loader searched ` +
      `${searchVariable()}${environment()} and the system's library folders. Install it, use its full ` +
      `name (for example libz.so.1, as libz.so comes only with development packages), or pass a path.`;
  return new LibraryNotFoundError(`${message} (${said})`, { cause });
}

function failure(
  path: string,
  code: string,
  what: string,
  said: string,
  more: { readonly remedy: string; readonly cause: unknown },
): EngineError {
  return new EngineError(`Cannot open the library '${path}': ${what}. ${more.remedy} (${said})`, {
    code,
    cause: more.cause,
  });
}

function remedyFor(said: string): string {
  const symbol = /undefined symbol: (\S+)|: (\S+): symbol not found/.exec(said);
  if (symbol !== null) {
    return `No library that it is linked with has '${symbol[1] ?? symbol[2]}': link it with the library that has the symbol.`;
  }
  const version = /version `?'?([\w.]+)'? not found/.exec(said);
  if (version !== null) {
    return `The library was built on a newer system: this system lacks ${version[1]}. Use a build for an older system, or a newer system.`;
  }
  if (/static TLS/i.test(said)) {
    return 'The library must be loaded when the process starts: set LD_PRELOAD to its path before Node.js starts.';
  }
  if (/permission denied|operation not permitted/i.test(said)) {
    return "Check the file's permissions, and that its file system is not mounted noexec.";
  }
  return "The loader's message follows.";
}

function searchVariable(): string {
  return process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
}

function environment(): string {
  const value = process.env[searchVariable()];
  return value === undefined || value === '' ? ' (not set)' : ` (${value})`;
}
