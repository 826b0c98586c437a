/**
 * The dynamic symbols of an ELF file: those to which it is bound when it is loaded, and those that it exports.
 */
import { Math } from '../../builtins.js';
import { type ElfImage, Tag, textAt } from './elf-image.js';

const DF_SYMBOLIC = 2;

/** A symbol in the dynamic symbol table. */
export interface ElfSymbol {
  readonly name: string;
  /**
   * Whether the file exports the symbol: a function or an object (no marker of the linker), global or weak, and
   * defined.
   */
  readonly exported: boolean;
  /** Whether the file that is loaded first decides what the symbol is bound to. */
  readonly bindable: boolean;
  readonly versioned: boolean;
}

export class ElfSymbols {
  readonly #image: ElfImage;
  #symbols: DataView | null = null;
  #strings: Buffer | null = null;
  #versions: DataView | null | undefined;

  constructor(image: ElfImage) {
    this.#image = image;
  }

  /** Names of the symbols that it is bound to when it is loaded, in any file that defines them. */
  boundSymbols(): string[] {
    this.#readSymbols();
    // Linked to find its own symbols first.
    if (
      this.#image.tag(Tag.SYMBOLIC) !== undefined ||
      ((this.#image.tag(Tag.FLAGS) ?? 0) & DF_SYMBOLIC) !== 0
    )
      return [];
    const indices = new Set<number>();
    const { wide } = this.#image.header;
    const withAddend = this.#image.tag(Tag.PLTREL) === Tag.RELA;
    const tables: readonly [address: number | undefined, bytes: number | undefined, entry: number][] = [
      [this.#image.tag(Tag.RELA), this.#image.tag(Tag.RELASZ), wide ? 24 : 12],
      [this.#image.tag(Tag.REL), this.#image.tag(Tag.RELSZ), wide ? 16 : 8],
      [
        this.#image.tag(Tag.JMPREL),
        this.#image.tag(Tag.PLTRELSZ),
        (wide ? 16 : 8) + (withAddend ? (wide ? 8 : 4) : 0),
      ],
    ];
    for (const [address, bytes, entry] of tables) {
      const view = address === undefined ? null : this.#image.at(address, bytes ?? 0);
      if (view === null) continue;
      for (let at = 0; at + entry <= view.byteLength; at += entry) {
        const index = wide
          ? view.getUint32(at + (this.#image.header.little ? 12 : 8), this.#image.header.little)
          : view.getUint32(at + 4, this.#image.header.little) >>> 8;
        if (index !== 0) indices.add(index);
      }
    }
    return [...indices].flatMap((index) => {
      const symbol = this.#symbol(index);
      return symbol?.bindable === true ? [symbol.name] : [];
    });
  }

  /**
   * A lookup of symbols by name. It works after the file has been closed only if {@link boundSymbols} was called
   * before.
   */
  finder(): (name: string) => ElfSymbol | null {
    const view = this.#image.table(Tag.GNU_HASH);
    if (view === null || view.byteLength < 16) return () => null;
    const { little, wide } = this.#image.header;
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
    const { wide, little } = this.#image.header;
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
      name: textAt(this.#strings ?? Buffer.alloc(0), view.getUint32(at, little)),
      exported: bindable && section !== 0 && TYPES.has(info & 15),
      bindable,
      versioned: (version & 0x7fff) > 1,
    };
  }

  #readSymbols(): void {
    this.#symbols ??= this.#image.table(Tag.SYMTAB);
    this.#strings ??= this.#image.strings(0, Infinity);
    if (this.#versions === undefined) this.#versions = this.#image.table(Tag.VERSYM);
  }
}

/** Global and weak: the loader takes either for a definition. (Unique ones are the same in all of a process by design.) */
const BINDINGS: ReadonlySet<number> = new Set([1, 2]);
/** An object, a function, a thread-local variable, and an indirect function. */
const TYPES: ReadonlySet<number> = new Set([1, 2, 6, 10]);

function gnuHash(name: string): number {
  let hash = 5381;
  for (let at = 0; at < name.length; at++) hash = (Math.imul(hash, 33) + name.charCodeAt(at)) | 0;
  return hash >>> 0;
}
