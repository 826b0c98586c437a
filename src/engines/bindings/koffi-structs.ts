/** Structs by value for koffi, which passes and returns them as objects. */
import { readCell, writeCell, type ScalarValue } from '../../declare/memory/cells.js';
import type { LayoutSpec, StructLayout } from '../../declare/spec.js';
import { JSON } from '../../builtins.js';
import { EngineError } from '../../errors.js';
import { type KoffiType, TYPES } from './koffi-types.js';

/** The part of koffi that makes types. */
export interface KoffiTypes {
  struct(fields: Readonly<Record<string, KoffiType>>): object;
  array(type: KoffiType, length: number): object;
  sizeof(type: object): number;
}

export class KoffiStructs {
  readonly #koffi: KoffiTypes;
  /** By layout: koffi keeps a type for good, so each is made once. */
  readonly #types = new Map<string, object>();

  constructor(koffi: KoffiTypes) {
    this.#koffi = koffi;
  }

  /** @throws EngineError if koffi lays the struct out in another way. */
  typeOf(layout: StructLayout): object {
    const key = JSON.stringify(layout);
    let type = this.#types.get(key);
    if (type === undefined) {
      type = this.#koffi.struct(
        Object.fromEntries(layout.fields.map(({ name, layout: inner }) => [name, this.#inner(inner)])),
      );
      if (this.#koffi.sizeof(type) !== layout.size) {
        throw new EngineError(
          `koffi lays a struct of ${layout.size} bytes out in ${this.#koffi.sizeof(type)}, so it is not passed by value. Pass a pointer to it.`,
        );
      }
      this.#types.set(key, type);
    }
    return type;
  }

  #inner(given: LayoutSpec): KoffiType {
    const layout = flat(given);
    switch (layout.kind) {
      case 'scalar':
        return TYPES[layout.type];
      case 'text':
      case 'bytes':
        return this.#koffi.array('uint8', layout.size);
      case 'array':
        return this.#koffi.array(this.#inner(layout.of), layout.length);
      default:
        return this.typeOf(layout);
    }
  }
}

/** An array of arrays as one array, which lies in memory in the same way: koffi 3.3.4 reads arrays of arrays wrongly. */
function flat(layout: LayoutSpec): LayoutSpec {
  if (layout.kind !== 'array') return layout;
  const of = flat(layout.of);
  const { size, alignment } = layout;
  if (of.kind === 'array') {
    return { kind: 'array', of: of.of, length: of.length * layout.length, size, alignment };
  }
  return of.kind === 'text' || of.kind === 'bytes' ? { kind: 'bytes', size, alignment: 1 } : layout;
}

/** The object for the bytes of a struct. */
export function toObject(given: LayoutSpec, data: DataView, at = 0): unknown {
  const layout = flat(given);
  switch (layout.kind) {
    case 'scalar':
      return layout.type === 'bool' ? data.getUint8(at) : readCell(data, at, layout.type);
    case 'text':
    case 'bytes':
      return new Uint8Array(data.buffer, data.byteOffset + at, layout.size).slice();
    case 'array':
      return Array.from({ length: layout.length }, (_, index) =>
        toObject(layout.of, data, at + index * layout.of.size),
      );
    default:
      return Object.fromEntries(
        layout.fields.map(({ name, offset, layout: inner }) => [name, toObject(inner, data, at + offset)]),
      );
  }
}

/** The bytes of an object that koffi returned. */
export function toBytes(layout: LayoutSpec, value: unknown): DataView {
  const data = new DataView(new ArrayBuffer(layout.size));
  write(layout, data, 0, value);
  return data;
}

function write(given: LayoutSpec, data: DataView, at: number, value: unknown): void {
  const layout = flat(given);
  switch (layout.kind) {
    case 'scalar':
      if (layout.type === 'bool') data.setUint8(at, value as number);
      else writeCell(data, at, layout.type, value as ScalarValue);
      return;
    case 'text':
    case 'bytes':
      new Uint8Array(data.buffer, at, layout.size).set(value as Uint8Array);
      return;
    case 'array':
      for (let index = 0; index < layout.length; index += 1) {
        write(layout.of, data, at + index * layout.of.size, (value as readonly unknown[])[index]);
      }
      return;
    default:
      for (const { name, offset, layout: inner } of layout.fields) {
        write(inner, data, at + offset, (value as Readonly<Record<string, unknown>>)[name]);
      }
  }
}
