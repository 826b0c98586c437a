/** What the tests of lanes share: declared functions without a library behind them, and a native eye on payloads. */
import { type MessagePort, MessageChannel } from 'node:worker_threads';
import { compileDeclarations } from '../../src/declare/compile/compile.js';
import type { HeldBytes } from '../../src/declare/values/held-bytes.js';
import { loadEngine } from '../../src/engines/load-engine.js';
import { addressOf, findWith } from '../../src/lanes/memory/addresses.js';
import { Slabs } from '../../src/lanes/memory/slabs.js';
import { ThreadBytes } from '../../src/lanes/memory/thread-bytes.js';
import { DeclaredFunction } from '../../src/lanes/rows/declared-function.js';
import { type ScalarValue, readCell } from '../../src/declare/memory/cells.js';
import type { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import { FIRST_ADDRESS, NULL_CELL } from '../../src/shared/memory/payload.js';

let number = 0;

/** External memory as a thread lane has it. */
export function threadBytes(port: Pick<MessagePort, 'postMessage'> = { postMessage: () => {} }): ThreadBytes {
  findWith(loadEngine('koffi'));
  return new ThreadBytes(port, new Slabs());
}

/** A declared function named `f`. */
export function declare(declaration: unknown, path = 'libtest.so'): DeclaredFunction {
  const [compiled] = compileDeclarations(path, { f: declaration });
  if (compiled === undefined) throw new Error('nothing was compiled');
  number += 1;
  return new DeclaredFunction(number, compiled, 'koffi', path);
}

/** Runs with both ends of a channel, and closes them. */
export function withPorts<R>(run: (host: MessagePort, lane: MessagePort) => R): R {
  const { port1, port2 } = new MessageChannel();
  try {
    return run(port1, port2);
  } finally {
    port1.close();
    port2.close();
  }
}

/** What native code would find for one parameter. */
export type Seen = ScalarValue | Uint8Array | string | null;

/** Reads a payload as native code does: through its cells, by the C types of the parameters. */
export function nativeView(
  memory: LaneMemory,
  payload: number,
  fn: DeclaredFunction,
  externals: readonly HeldBytes[],
): Seen[] {
  return fn.compiled.spec.params.map((param, index): Seen => {
    const at = payload + index * 8;
    switch (param.kind) {
      case 'value':
        // A cell holds a small integer as its 32 bits, an f32 and a size as a double.
        if (param.type === 'f32' || param.type === 'size') return memory.data.getFloat64(at, true);
        if (param.type === 'bool') return memory.data.getInt32(at, true) !== 0;
        if (['i8', 'i16', 'u8', 'u16'].includes(param.type)) return memory.data.getInt32(at, true);
        return readCell(memory.data, at, param.type);
      case 'out':
      case 'inout':
        return readCell(memory.data, at, param.type);
      case 'cstring':
      case 'buffer': {
        const bytes = bytesAt(memory, memory.data.getFloat64(at, true), externals);
        if (bytes === null || param.kind === 'buffer') return bytes;
        return Buffer.from(bytes.subarray(0, bytes.indexOf(0))).toString('utf8');
      }
      default:
        return null;
    }
  });
}

/** The bytes from where a cell points, on to the end of the memory: native code knows no lengths. */
function bytesAt(memory: LaneMemory, cell: number, externals: readonly HeldBytes[]): Uint8Array | null {
  if (cell === NULL_CELL) return null;
  if (cell < FIRST_ADDRESS) return new Uint8Array(memory.buffer, cell);
  const held = externals.find(({ bytes }) => addressOf(bytes) === cell - FIRST_ADDRESS);
  if (held === undefined) throw new Error(`nothing is held at ${cell - FIRST_ADDRESS}`);
  return held.bytes;
}

/** Takes the memory of a buffer away, as a transfer to another thread does. */
export function detach(buffer: ArrayBuffer): void {
  structuredClone(buffer, { transfer: [buffer] });
}
