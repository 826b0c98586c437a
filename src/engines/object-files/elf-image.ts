/**
 * Reads the data of an ELF file for the dynamic loader: the libraries that it needs, and the positions of its tables.
 * `elf-symbols.ts` reads its symbols.
 *
 * Everything is checked: offsets outside of the file, and invalid tables, give null or an empty list. The loader
 * reports the fault.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { Math } from '../../builtins.js';
import { type ElfHeader, readElfHeader } from './elf-file.js';

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_NOTE = 4;
const NT_GNU_BUILD_ID = 3;

/** Tags of the dynamic section. */
export const Tag = {
  NEEDED: 1,
  PLTRELSZ: 2,
  HASH: 4,
  STRTAB: 5,
  SYMTAB: 6,
  RELA: 7,
  RELASZ: 8,
  STRSZ: 10,
  RPATH: 15,
  SYMBOLIC: 16,
  REL: 17,
  RELSZ: 18,
  PLTREL: 20,
  JMPREL: 23,
  RUNPATH: 29,
  FLAGS: 30,
  GNU_HASH: 0x6fff_fef5,
  VERSYM: 0x6fff_fff0,
  VERDEF: 0x6fff_fffc,
  VERNEED: 0x6fff_fffe,
} as const;
/** Tags whose values are addresses of tables: one ends where the next begins, at the latest. */
const TABLES: readonly number[] = [
  Tag.HASH,
  Tag.STRTAB,
  Tag.SYMTAB,
  Tag.RELA,
  Tag.REL,
  Tag.JMPREL,
  Tag.GNU_HASH,
  Tag.VERSYM,
  Tag.VERDEF,
  Tag.VERNEED,
];
/** Larger than the tables of any library; limits the effect of an invalid size. */
const LARGEST_TABLE = 2 ** 26;
/** Bytes of a name of a library, or of a list of folders. */
const LONGEST_NAME = 4_096;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly bytes: number;
}

export class ElfImage {
  readonly #file: number;
  readonly #size: number;
  readonly header: ElfHeader;
  readonly #segments: readonly Segment[];
  readonly #tags = new Map<number, number>();
  readonly #neededOffsets: number[] = [];

  private constructor(file: number, size: number, header: ElfHeader) {
    this.#file = file;
    this.#size = size;
    this.header = header;
    this.#segments = this.#readSegments();
    this.#readTags();
  }

  /** Reads a file with `use`; null if it is not an ELF file, or cannot be read. */
  static with<R>(path: string, use: (elf: ElfImage) => R): R | null {
    let file: number;
    try {
      // Opening a FIFO would block.
      if (!statSync(path).isFile()) return null;
      file = openSync(path, 'r');
    } catch {
      return null;
    }
    try {
      const head = Buffer.alloc(64);
      const bytes = readSync(file, head, 0, 64, 0);
      if (head.toString('latin1', 0, 4) !== '\x7fELF') return null;
      const header = readElfHeader(head.subarray(0, bytes));
      return header === null ? null : use(new ElfImage(file, fstatSync(file).size, header));
    } catch {
      return null;
    } finally {
      closeSync(file);
    }
  }

  get architecture(): string {
    return this.header.architecture;
  }

  /** The value of a tag in the dynamic section. */
  tag(tag: number): number | undefined {
    return this.#tags.get(tag);
  }

  /** Names of the libraries that it needs. */
  get needed(): string[] {
    return this.#neededOffsets.map((offset) => this.#name(offset)).filter((name) => name !== '');
  }

  /** The folders that the loader searches for its dependencies, joined by colons. */
  get runPath(): string {
    const offset = this.#tags.get(Tag.RUNPATH) ?? this.#tags.get(Tag.RPATH);
    return offset === undefined ? '' : this.#name(offset);
  }

  /** The build id, as hexadecimal digits; null if it has none. */
  get buildId(): string | null {
    for (const { offset, bytes } of this.#segments.filter(({ type }) => type === PT_NOTE)) {
      const view = this.#view(offset, bytes);
      if (view === null) continue;
      for (let at = 0; at + 12 <= view.byteLength; ) {
        const name = view.getUint32(at, this.header.little);
        const description = view.getUint32(at + 4, this.header.little);
        const start = at + 12 + align(name);
        const end = start + description;
        if (end > view.byteLength) break;
        const text = Buffer.from(view.buffer, view.byteOffset + at + 12, name).toString('latin1');
        if (view.getUint32(at + 8, this.header.little) === NT_GNU_BUILD_ID && text === 'GNU\0') {
          return Buffer.from(view.buffer, view.byteOffset + start, description).toString('hex');
        }
        at = start + align(description);
      }
    }
    return null;
  }

  #name(offset: number): string {
    // Not all of them: those of a program's symbols are many MB.
    return textAt(this.strings(offset, LONGEST_NAME), 0);
  }

  /** A part of the table of names. */
  strings(offset: number, bytes: number): Buffer {
    const left = (this.#tags.get(Tag.STRSZ) ?? 0) - offset;
    const view = this.at((this.#tags.get(Tag.STRTAB) ?? 0) + offset, Math.min(left, bytes));
    return view === null ? Buffer.alloc(0) : Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  }

  #readSegments(): Segment[] {
    const { table, wide, little } = this.header;
    const view = this.#view(table.offset, table.entry * table.count);
    if (view === null || table.entry < (wide ? 56 : 32)) return [];
    const number = (at: number): number =>
      wide ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
    return Array.from({ length: table.count }, (_, index) => {
      const at = index * table.entry;
      return {
        type: view.getUint32(at, little),
        offset: number(at + (wide ? 8 : 4)),
        address: number(at + (wide ? 16 : 8)),
        bytes: number(at + (wide ? 32 : 16)),
      };
    });
  }

  #readTags(): void {
    const segment = this.#segments.find(({ type }) => type === PT_DYNAMIC);
    const view = segment === undefined ? null : this.#view(segment.offset, segment.bytes);
    if (view === null) return;
    const { wide, little } = this.header;
    const number = (at: number): number =>
      wide ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
    const word = wide ? 8 : 4;
    for (let at = 0; at + 2 * word <= view.byteLength; at += 2 * word) {
      const tag = number(at);
      if (tag === 0) return;
      if (tag === Tag.NEEDED) this.#neededOffsets.push(number(at + word));
      else this.#tags.set(tag, number(at + word));
    }
  }

  /** A table of unknown size: up to its latest possible end. */
  table(tag: number): DataView | null {
    const start = this.#tags.get(tag);
    if (start === undefined) return null;
    const others = TABLES.map((one) => this.#tags.get(one) ?? 0).filter((address) => address > start);
    return this.at(start, Math.min(...others) - start);
  }

  /** The bytes mapped at an address, at most to the end of its segment. */
  at(address: number, bytes: number): DataView | null {
    const segment = this.#segments.find(
      (one) => one.type === PT_LOAD && address >= one.address && address < one.address + one.bytes,
    );
    if (segment === undefined) return null;
    const into = address - segment.address;
    return this.#view(segment.offset + into, Math.min(bytes, segment.bytes - into));
  }

  /** A part of the file; fewer bytes where it ends. Null beyond its end. */
  bytes(offset: number, bytes: number): DataView | null {
    return this.#view(offset, bytes);
  }

  #view(offset: number, bytes: number): DataView | null {
    const length = Math.min(bytes, this.#size - offset);
    if (!(length > 0) || length > LARGEST_TABLE) return null;
    const read = Buffer.allocUnsafeSlow(length);
    const got = readSync(this.#file, read, 0, length, offset);
    return new DataView(read.buffer, read.byteOffset, got);
  }
}

/** A name in a table of names. */
export function textAt(strings: Buffer, offset: number): string {
  const end = strings.indexOf(0, offset);
  return offset >= strings.length || end < 0 ? '' : strings.toString('latin1', offset, end);
}

function align(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
