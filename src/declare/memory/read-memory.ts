/** Reads what C has in memory as JavaScript values, which share nothing with that memory. */
import type { LayoutSpec } from '../spec.js';
import { readCell } from './cells.js';

/** Memory to read from. */
export interface ReadableMemory {
  readonly bytes: Buffer;
  readonly data: DataView;
}

export function readMemory(layout: LayoutSpec, memory: ReadableMemory, at: number): unknown {
  switch (layout.kind) {
    case 'scalar':
      return readCell(memory.data, at, layout.type);
    case 'text':
      return readText(memory.bytes.subarray(at, at + layout.size));
    case 'bytes':
      return Buffer.from(memory.bytes.subarray(at, at + layout.size));
    case 'array':
      return readElements(layout.of, layout.length, memory, at);
    default: {
      const object: Record<string, unknown> = {};
      for (const { name, offset, layout: inner } of layout.fields) {
        object[name] = readMemory(inner, memory, at + offset);
      }
      return object;
    }
  }
}

export function readElements(of: LayoutSpec, length: number, memory: ReadableMemory, at: number): unknown[] {
  const list: unknown[] = [];
  for (let index = 0; index < length; index += 1) list.push(readMemory(of, memory, at + index * of.size));
  return list;
}

/** Up to the first NUL; all of it if there is none. */
function readText(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}
