/** Reads the part of an ELF header that shows whether this process can pass the file to `dlopen`. */

import { Math } from '../../builtins.js';

/** e_machine of the architectures that Node.js is built for, by `process.arch`. */
const MACHINES: ReadonlyMap<number, string> = new Map([
  [3, 'ia32'],
  [8, 'mips'],
  [21, 'ppc64'],
  [22, 's390x'],
  [40, 'arm'],
  [62, 'x64'],
  [183, 'arm64'],
  [243, 'riscv64'],
  [258, 'loong64'],
]);

const KINDS: ReadonlyMap<number, string> = new Map([
  [1, 'an object file (.o)'],
  [2, 'an executable'],
  [4, 'a core dump'],
]);

const SHARED_OBJECT = 3;
const LOADABLE_SEGMENT = 1;

/** The data of an ELF header. */
export interface ElfHeader {
  /** In the words of `process.arch`, or `machine 123`. */
  readonly architecture: string;
  /** The kind of file, if it is not a shared object. */
  readonly notShared: string | null;
  /** Where the program headers lie. */
  readonly table: { readonly offset: number; readonly entry: number; readonly count: number };
  readonly wide: boolean;
  readonly little: boolean;
}

/** Reads the header, or null where there are not enough bytes for one. */
export function readElfHeader(bytes: Uint8Array): ElfHeader | null {
  const wide = bytes[4] === 2;
  const little = bytes[5] !== 2;
  if (bytes.byteLength < (wide ? 64 : 52)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = view.getUint16(16, little);
  const machine = view.getUint16(18, little);
  return {
    architecture: nameOf(machine, wide, little),
    notShared: type === SHARED_OBJECT ? null : (KINDS.get(type) ?? `an ELF file of type ${type}`),
    table: {
      offset: wide ? Number(view.getBigUint64(32, little)) : view.getUint32(28, little),
      entry: view.getUint16(wide ? 54 : 42, little),
      count: view.getUint16(wide ? 56 : 44, little),
    },
    wide,
    little,
  };
}

/**
 * The number of bytes that the file must have for its segments to be mapped. `dlopen` accepts a shorter file, and
 * touching a missing page raises SIGBUS.
 */
export function elfExtent(header: ElfHeader, table: Uint8Array): number {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  let extent = header.table.offset + header.table.entry * header.table.count;
  for (let index = 0; index < header.table.count; index++) {
    const at = index * header.table.entry;
    if (at + (header.wide ? 40 : 20) > table.byteLength) break;
    if (view.getUint32(at, header.little) !== LOADABLE_SEGMENT) continue;
    const end = header.wide
      ? Number(view.getBigUint64(at + 8, header.little) + view.getBigUint64(at + 32, header.little))
      : view.getUint32(at + 4, header.little) + view.getUint32(at + 16, header.little);
    extent = Math.max(extent, end);
  }
  return extent;
}

function nameOf(machine: number, wide: boolean, little: boolean): string {
  const name = MACHINES.get(machine) ?? `machine ${machine}`;
  // These machine numbers are shared by incompatible variants.
  if (name === 'x64' && !wide) return 'x32';
  if (name === 'arm64' && (!wide || !little)) return wide ? 'arm64 (big-endian)' : 'arm64 (ILP32)';
  return name;
}
