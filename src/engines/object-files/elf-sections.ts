/**
 * Reads the memory that an ELF file has for itself: the static data that all threads share, and what each thread has of
 * its own. Sections and full symbols are for linkers and debuggers; a file may lack either.
 */
import { Math } from '../../builtins.js';
import type { ElfImage } from './elf-image.js';
import { textAt } from './elf-image.js';

/** A named part of a library's static data. */
export interface StaticObject {
  /** As the compiler names it: a static variable of a function has a number behind it. */
  readonly name: string;
  /** Its size. */
  readonly bytes: number;
  /** Whether each thread has one of its own. */
  readonly threadLocal: boolean;
}

/** The static data of a library. */
export interface StaticData {
  /** Bytes that every thread of a process shares and may write to. */
  readonly sharedBytes: number;
  /** Bytes that each thread has of its own. */
  readonly threadLocalBytes: number;
  /** What it consists of, the largest first; only what is exported if the file is stripped. */
  readonly objects: readonly StaticObject[];
  /** Whether the names of what is not exported were taken out of the file. */
  readonly stripped: boolean;
  /** Functions that run when the library is loaded. */
  readonly constructors: number;
}

interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly bytes: number;
  readonly link: number;
}

const HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const WRITE = 1;
const ALLOCATED = 2;
const THREAD_LOCAL = 0x400;
const Type = { SYMTAB: 2, DYNSYM: 11, INIT_ARRAY: 14 } as const;
const OBJECT = 1;
const THREAD_LOCAL_OBJECT = 6;
/** Written by the loader only, before any code of the library runs. */
const LOADERS = /^\.(?:dynamic|got|init_array|fini_array|preinit_array|ctors|dtors|data\.rel\.ro)/;
/** What the compiler puts into every library, and its size. */
const OF_THE_COMPILER: ReadonlySet<string> = new Set(['__dso_handle', 'completed.0', '__TMC_END__']);
const COMPILERS_BYTES = 16;

/** Null where the file has no sections, or is not for a 64-bit processor. */
export function readStaticData(image: ElfImage): StaticData | null {
  const sections = sectionsOf(image);
  if (sections.length === 0) return null;
  const shared = new Set(sections.filter(isShared));
  const local = sections.filter(({ flags }) => (flags & THREAD_LOCAL) !== 0);
  const full = sections.find(({ type }) => type === Type.SYMTAB);
  const table = full ?? sections.find(({ type }) => type === Type.DYNSYM);
  const objects = table === undefined ? [] : objectsOf(image, table, sections, shared);
  const initial = sections.filter(({ type }) => type === Type.INIT_ARRAY);
  return {
    sharedBytes: Math.max(0, sumOf([...shared]) - COMPILERS_BYTES),
    threadLocalBytes: sumOf(local),
    objects: objects.sort((one, other) => other.bytes - one.bytes),
    stripped: full === undefined,
    // One of them belongs to the compiler.
    constructors: Math.max(0, sumOf(initial) / 8 - 1),
  };
}

function isShared({ name, flags }: Section): boolean {
  return (flags & (WRITE | ALLOCATED | THREAD_LOCAL)) === (WRITE | ALLOCATED) && !LOADERS.test(name);
}

function sumOf(sections: readonly Section[]): number {
  return sections.reduce((sum, { bytes }) => sum + bytes, 0);
}

function sectionsOf(image: ElfImage): Section[] {
  const { wide, little } = image.header;
  const head = wide ? image.bytes(0, HEADER_BYTES) : null;
  if (head === null || head.byteLength < HEADER_BYTES) return [];
  const [entry, count, names] = [58, 60, 62].map((at) => head.getUint16(at, little)) as [
    number,
    number,
    number,
  ];
  const table = image.bytes(Number(head.getBigUint64(40, little)), entry * count);
  if (table === null || entry < 64 || table.byteLength < entry * count) return [];
  const number = (at: number): number => Number(table.getBigUint64(at, little));
  const raw = Array.from({ length: count }, (_, index) => {
    const at = index * entry;
    return {
      nameAt: table.getUint32(at, little),
      type: table.getUint32(at + 4, little),
      flags: number(at + 8),
      offset: number(at + 24),
      bytes: number(at + 32),
      link: table.getUint32(at + 40, little),
    };
  });
  const strings = stringsOf(image, raw[names]);
  return raw.map(({ nameAt, ...section }) => ({ ...section, name: textAt(strings, nameAt) }));
}

function stringsOf(image: ElfImage, section: Pick<Section, 'offset' | 'bytes'> | undefined): Buffer {
  const view = section === undefined ? null : image.bytes(section.offset, section.bytes);
  return view === null ? Buffer.alloc(0) : Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}

function objectsOf(
  image: ElfImage,
  table: Section,
  sections: readonly Section[],
  shared: ReadonlySet<Section>,
): StaticObject[] {
  const view = image.bytes(table.offset, table.bytes);
  if (view === null) return [];
  const strings = stringsOf(image, sections[table.link]);
  const { little } = image.header;
  const objects: StaticObject[] = [];
  for (let at = 0; at + SYMBOL_BYTES <= view.byteLength; at += SYMBOL_BYTES) {
    const type = view.getUint8(at + 4) & 15;
    const bytes = Number(view.getBigUint64(at + 16, little));
    const section = sections[view.getUint16(at + 6, little)];
    if (bytes === 0 || section === undefined) continue;
    const threadLocal = type === THREAD_LOCAL_OBJECT;
    if (!threadLocal && (type !== OBJECT || !shared.has(section))) continue;
    const name = textAt(strings, view.getUint32(at, little));
    if (!OF_THE_COMPILER.has(name)) objects.push({ name, bytes, threadLocal });
  }
  return objects;
}
