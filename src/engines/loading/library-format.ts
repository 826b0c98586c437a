/**
 * Checks a library's file before an engine opens it.
 *
 * There are two reasons. `dlopen` reports "No such file or directory" for a library of another processor, so the header
 * must be read. And it accepts a truncated file: the process then dies of SIGBUS.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

import { Math } from '../../builtins.js';
import { elfExtent, readElfHeader } from '../object-files/elf-file.js';
import { machArchitectures } from '../object-files/mach-file.js';

/** Why a file cannot be loaded. */
export interface FileProblem {
  readonly code: 'OFFTHREAD_LIBRARY_ARCHITECTURE' | 'OFFTHREAD_LIBRARY_INVALID';
  /** Continues the sentence "the file ...". */
  readonly what: string;
  readonly remedy: string;
  /** Whether the loader would accept the file, and then wait for ever or crash the process. */
  readonly harmful?: boolean;
}

/** The process that wants to load the file. */
export interface FileHost {
  readonly platform: string;
  readonly arch: string;
}

const HEADER_BYTES = 1024;
const SHARED_LIBRARY = 'Pass the path of a shared library (.so, .dylib).';

/** Finds the problem of a file; null if there is none, or if the file cannot be read, which `dlopen` reports. */
export function inspectLibraryFile(path: string, host: FileHost = process): FileProblem | null {
  let file: number;
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return invalid('is a directory', SHARED_LIBRARY);
    // Opening a FIFO would block until another program writes to it.
    if (!stat.isFile()) return { ...invalid('is not a regular file', SHARED_LIBRARY), harmful: true };
    file = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    return inspect(file, fstatSync(file).size, host);
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}

function inspect(file: number, size: number, host: FileHost): FileProblem | null {
  if (size === 0) return invalid('is empty', 'Build or download it again.');
  const head = read(file, 0, Math.min(size, HEADER_BYTES));
  const mach = machArchitectures(head);
  if (mach !== null) return inspectMach(mach, host);
  const text = new TextDecoder('latin1').decode(head.subarray(0, 512));
  if (text.startsWith('\x7fELF')) return inspectElf(file, head, size, host);
  if (text.startsWith('MZ')) return foreign('a Windows library (.dll)', host);
  if (text.startsWith('!<arch>')) return invalid('is a static archive (.a)', SHARED_LIBRARY);
  const script = /(?:GROUP|INPUT)\s*\(\s*(?:AS_NEEDED\s*\(\s*)?([^\s)]+)/.exec(text);
  if (script !== null) {
    return invalid(
      'is a linker script, which only a compiler can use',
      `The script names ${script[1]}: open that file.`,
    );
  }
  return unrecognised(head, text);
}

/** Other kinds of files that are often passed instead of a library, by their first bytes. */
const OTHERS: readonly (readonly [begins: readonly string[], what: string, remedy: string])[] = [
  [
    ['version https://git-lfs'],
    'is a Git LFS pointer, not the library itself',
    "Fetch it with 'git lfs pull'.",
  ],
  [['<!doctype', '<html'], 'is a web page (a failed download?)', 'Download it again.'],
  [['#!'], 'is a script', SHARED_LIBRARY],
  [['\0asm'], 'is a WebAssembly module', `${SHARED_LIBRARY} Node.js runs WebAssembly itself.`],
  [
    ['PK\x03\x04', '\x1f\x8b', 'BZh', '\xfd7zXZ', '\x28\xb5\x2f\xfd'],
    'is a compressed archive',
    'Unpack it first.',
  ],
];

function unrecognised(head: Uint8Array, text: string): FileProblem {
  const words = text.trimStart().toLowerCase();
  const known = OTHERS.find(([begins]) =>
    begins.some((one) => text.startsWith(one) || words.startsWith(one)),
  );
  if (known !== undefined) return invalid(known[1], known[2]);
  const bytes = Array.from(head.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return invalid(`is not a library: unrecognised file header (the bytes ${bytes})`, SHARED_LIBRARY);
}

function inspectElf(file: number, head: Uint8Array, size: number, host: FileHost): FileProblem | null {
  const header = readElfHeader(head);
  if (header === null) return truncated(size);
  if (host.platform === 'darwin') return foreign(`a Linux library (${header.architecture})`, host);
  if (header.architecture !== host.arch) return foreign(`built for ${header.architecture}`, host);
  if (header.notShared !== null) return invalid(`is ${header.notShared}, not a library`, SHARED_LIBRARY);
  const { offset, entry, count } = header.table;
  const table = offset + entry * count <= size ? read(file, offset, entry * count) : new Uint8Array(0);
  const extent = elfExtent(header, table);
  return extent > size ? truncated(size, extent) : null;
}

function inspectMach(architectures: readonly string[], host: FileHost): FileProblem | null {
  const names = architectures.join(' and ');
  if (host.platform !== 'darwin') return foreign(`a macOS library (${names})`, host);
  return architectures.includes(host.arch) ? null : foreign(`built for ${names}`, host);
}

function foreign(what: string, host: FileHost): FileProblem {
  return {
    code: 'OFFTHREAD_LIBRARY_ARCHITECTURE',
    what: `is ${what}; this Node.js is ${host.platform} ${host.arch}`,
    remedy: `Use a build for ${host.platform} ${host.arch}, or a Node.js of the library's architecture.`,
  };
}

function truncated(size: number, needed?: number): FileProblem {
  const of = needed === undefined ? '' : ` of at least ${needed}`;
  return {
    ...invalid(`is truncated: it has ${size} bytes${of}`, 'Copy or download it again.'),
    harmful: true,
  };
}

function invalid(what: string, remedy: string): FileProblem {
  return { code: 'OFFTHREAD_LIBRARY_INVALID', what, remedy };
}

function read(file: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, position));
}
