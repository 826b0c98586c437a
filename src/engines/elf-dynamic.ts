/**
 * Reads what an ELF file says to the dynamic loader: which libraries it needs,
 * which symbols it defines, and to which it is bound when it is loaded.
 *
 * Nothing is believed: offsets that lead out of the file, and tables that make
 * no sense, give null or an empty list. The loader itself says what is wrong.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { Math } from '../builtins.js';
import { type ElfHeader, readElfHeader } from './elf-file.js';

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_NOTE = 4;
const NT_GNU_BUILD_ID = 3;

/** Tags of the dynamic section. */
const Tag = {
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
const DF_SYMBOLIC = 2;
/** More than the tables of any library; a file may say anything. */
const LARGEST_TABLE = 2 ** 26;

/** A symbol in the dynamic symbol table. */
export interface ElfSymbol {
  readonly name: string;
  /** Whether others may find it here: a function or an object (no marker of the linker), global or weak, and defined. */
  readonly exported: boolean;
  /** Whether whoever is loaded first decides what it is bound to. */
  readonly bindable: boolean;
  readonly versioned: boolean;
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly bytes: number;
}

export class ElfDynamic {
  readonly #file: number;
  readonly #size: number;
  readonly #header: ElfHeader;
  readonly #segments: readonly Segment[];
  readonly #tags = new Map<number, number>();
  readonly #neededOffsets: number[] = [];
  #symbols: DataView | null = null;
  #strings: Buffer | null = null;
  #versions: DataView | null | undefined;

  private constructor(file: number, size: number, header: ElfHeader) {
    this.#file = file;
    this.#size = size;
    this.#header = header;
    this.#segments = this.#readSegments();
    this.#readTags();
  }

  /** Reads a file with `use`; null where it is no ELF file, or cannot be read. */
  static with<R>(path: string, use: (elf: ElfDynamic) => R): R | null {
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
      return header === null ? null : use(new ElfDynamic(file, fstatSync(file).size, header));
    } catch {
      return null;
    } finally {
      closeSync(file);
    }
  }

  get architecture(): string {
    return this.#header.architecture;
  }

  /** Names of the libraries that it needs. */
  get needed(): string[] {
    return this.#neededOffsets.map((offset) => this.#string(offset)).filter((name) => name !== '');
  }

  /** The folders that it has the loader search, joined by colons. */
  get runPath(): string {
    const offset = this.#tags.get(Tag.RUNPATH) ?? this.#tags.get(Tag.RPATH);
    return offset === undefined ? '' : this.#string(offset);
  }

  /** The build id, as hexadecimal digits; null where it has none. */
  get buildId(): string | null {
    for (const { offset, bytes } of this.#segments.filter(({ type }) => type === PT_NOTE)) {
      const view = this.#view(offset, bytes);
      if (view === null) continue;
      for (let at = 0; at + 12 <= view.byteLength; ) {
        const name = view.getUint32(at, this.#header.little);
        const description = view.getUint32(at + 4, this.#header.little);
        const start = at + 12 + align(name);
        const end = start + description;
        if (end > view.byteLength) break;
        const text = Buffer.from(view.buffer, view.byteOffset + at + 12, name).toString('latin1');
        if (view.getUint32(at + 8, this.#header.little) === NT_GNU_BUILD_ID && text === 'GNU\0') {
          return Buffer.from(view.buffer, view.byteOffset + start, description).toString('hex');
        }
        at = start + align(description);
      }
    }
    return null;
  }

  /** Names of the symbols that it is bound to when it is loaded, whoever defines them. */
  boundSymbols(): string[] {
    this.#readSymbols();
    // Linked to find its own symbols first.
    if (this.#tags.has(Tag.SYMBOLIC) || ((this.#tags.get(Tag.FLAGS) ?? 0) & DF_SYMBOLIC) !== 0) return [];
    const indices = new Set<number>();
    const { wide } = this.#header;
    const withAddend = this.#tags.get(Tag.PLTREL) === Tag.RELA;
    const tables: readonly [address: number | undefined, bytes: number | undefined, entry: number][] = [
      [this.#tags.get(Tag.RELA), this.#tags.get(Tag.RELASZ), wide ? 24 : 12],
      [this.#tags.get(Tag.REL), this.#tags.get(Tag.RELSZ), wide ? 16 : 8],
      [
        this.#tags.get(Tag.JMPREL),
        this.#tags.get(Tag.PLTRELSZ),
        (wide ? 16 : 8) + (withAddend ? (wide ? 8 : 4) : 0),
      ],
    ];
    for (const [address, bytes, entry] of tables) {
      const view = address === undefined ? null : this.#at(address, bytes ?? 0);
      if (view === null) continue;
      for (let at = 0; at + entry <= view.byteLength; at += entry) {
        const index = wide
          ? view.getUint32(at + (this.#header.little ? 12 : 8), this.#header.little)
          : view.getUint32(at + 4, this.#header.little) >>> 8;
        if (index !== 0) indices.add(index);
      }
    }
    return [...indices].flatMap((index) => {
      const symbol = this.#symbol(index);
      return symbol?.bindable === true ? [symbol.name] : [];
    });
  }

  /** A lookup by name in its symbols. It works when the file has been closed, too, if {@link boundSymbols} was asked for before. */
  finder(): (name: string) => ElfSymbol | null {
    const view = this.#table(Tag.GNU_HASH);
    if (view === null || view.byteLength < 16) return () => null;
    const { little, wide } = this.#header;
    const buckets = view.getUint32(0, little);
    const first = view.getUint32(4, little);
    const start = 16 + view.getUint32(8, little) * (wide ? 8 : 4);
    if (buckets === 0) return () => null;
    const chains = start + buckets * 4;
    return (name) => {
      const hash = gnuHash(name);
      const bucket = start + (hash % buckets) * 4;
      if (bucket + 4 > view.byteLength) return null;
      let index = view.getUint32(bucket, little);
      if (index < first) return null;
      for (; ; index++) {
        const at = chains + (index - first) * 4;
        if (at + 4 > view.byteLength) return null;
        const found = view.getUint32(at, little);
        if ((found | 1) === (hash | 1)) {
          const symbol = this.#symbol(index);
          if (symbol?.name === name) return symbol;
        }
        if ((found & 1) !== 0) return null;
      }
    };
  }

  #symbol(index: number): ElfSymbol | null {
    this.#readSymbols();
    const { wide, little } = this.#header;
    const view = this.#symbols;
    const at = index * (wide ? 24 : 16);
    if (view === null || at + (wide ? 24 : 16) > view.byteLength) return null;
    const info = view.getUint8(at + (wide ? 4 : 12));
    const other = view.getUint8(at + (wide ? 5 : 13));
    const section = view.getUint16(at + (wide ? 6 : 14), little);
    const bindable = BINDINGS.has(info >> 4) && (other & 3) === 0;
    const versions = this.#versions ?? null;
    const version =
      versions === null || index * 2 + 2 > versions.byteLength ? 1 : versions.getUint16(index * 2, little);
    return {
      name: this.#string(view.getUint32(at, little)),
      exported: bindable && section !== 0 && TYPES.has(info & 15),
      bindable,
      versioned: (version & 0x7fff) > 1,
    };
  }

  #string(offset: number): string {
    this.#strings ??= this.#readStrings();
    const end = this.#strings.indexOf(0, offset);
    return offset >= this.#strings.length || end < 0 ? '' : this.#strings.toString('latin1', offset, end);
  }

  #readSymbols(): void {
    this.#symbols ??= this.#table(Tag.SYMTAB);
    this.#strings ??= this.#readStrings();
    if (this.#versions === undefined) this.#versions = this.#table(Tag.VERSYM);
  }

  #readStrings(): Buffer {
    const view = this.#at(this.#tags.get(Tag.STRTAB) ?? 0, this.#tags.get(Tag.STRSZ) ?? 0);
    return view === null ? Buffer.alloc(0) : Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  }

  #readSegments(): Segment[] {
    const { table, wide, little } = this.#header;
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
    const { wide, little } = this.#header;
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

  /** A table whose size is not told: as far as it can reach. */
  #table(tag: number): DataView | null {
    const start = this.#tags.get(tag);
    if (start === undefined) return null;
    const others = TABLES.map((one) => this.#tags.get(one) ?? 0).filter((address) => address > start);
    return this.#at(start, Math.min(...others) - start);
  }

  /** What is mapped at an address; at most to the end of its segment. */
  #at(address: number, bytes: number): DataView | null {
    const segment = this.#segments.find(
      (one) => one.type === PT_LOAD && address >= one.address && address < one.address + one.bytes,
    );
    if (segment === undefined) return null;
    const into = address - segment.address;
    return this.#view(segment.offset + into, Math.min(bytes, segment.bytes - into));
  }

  #view(offset: number, bytes: number): DataView | null {
    const length = Math.min(bytes, this.#size - offset);
    if (!(length > 0) || length > LARGEST_TABLE) return null;
    const read = Buffer.allocUnsafeSlow(length);
    const got = readSync(this.#file, read, 0, length, offset);
    return new DataView(read.buffer, read.byteOffset, got);
  }
}

/** Global and weak: the loader takes either for a definition. (Unique ones are the same in all of a process by design.) */
const BINDINGS: ReadonlySet<number> = new Set([1, 2]);
/** An object, a function, one of a thread's own, one that is chosen at load. */
const TYPES: ReadonlySet<number> = new Set([1, 2, 6, 10]);

function align(bytes: number): number {
  return (bytes + 3) & ~3;
}

function gnuHash(name: string): number {
  let hash = 5381;
  for (let at = 0; at < name.length; at++) hash = (Math.imul(hash, 33) + name.charCodeAt(at)) | 0;
  return hash >>> 0;
}
