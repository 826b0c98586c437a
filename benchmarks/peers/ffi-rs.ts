/**
 * ffi-rs as the peers use it. Its tables are one for the whole process and
 * unlocked, so the host requires it, opens the libraries and looks the symbols up
 * before any worker calls it: otherwise it segfaults.
 */
import { DataType, load, open } from 'ffi-rs';
import { zlib } from './zlib.js';

const NAME = 'benchmark-peers';
const ZLIB = 'benchmark-zlib';
let opened = false;

const add = {
  library: NAME,
  funcName: 'ot_add',
  retType: DataType.I32 as const,
  paramsType: [DataType.I32, DataType.I32],
};

const strlen = {
  library: NAME,
  funcName: 'ot_strlen',
  retType: DataType.I32 as const,
  paramsType: [DataType.String],
};

const crc32 = {
  library: ZLIB,
  funcName: 'crc32',
  retType: DataType.I64 as const,
  paramsType: [DataType.I64, DataType.U8Array, DataType.I32],
};

/** It takes nothing else for bytes. */
function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** On the host, before the first worker. */
export function linkFfiRs(path: string): void {
  if (opened) return;
  opened = true;
  open({ library: NAME, path });
  open({ library: ZLIB, path: zlib });
  addByFfiRs(1, 2);
  load({ ...strlen, paramsValue: [''] });
  load({ ...crc32, paramsValue: [0, Buffer.alloc(1), 1] });
}

/** In a worker: the library is open already, in the same process. */
export function addByFfiRs(a: number, b: number): number {
  return load({ ...add, paramsValue: [a, b] });
}

/** ffi-rs's own way off the main thread: libuv's pool. */
export function addInNewThread(a: number, b: number): Promise<number> {
  return load({ ...add, paramsValue: [a, b], runInNewThread: true });
}

export function textInNewThread(text: string): Promise<number> {
  return load({ ...strlen, paramsValue: [text], runInNewThread: true });
}

/** zlib's CRC-32. */
export function bytesInNewThread(bytes: Uint8Array): Promise<number> {
  return load({ ...crc32, paramsValue: [0, asBuffer(bytes), bytes.length], runInNewThread: true });
}
