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

// Each is made once, and gets its values for each call: an object of its own for each call takes twice as long. ffi-rs
// has read all of it when `load` returns, in a new thread or not.
const add = {
  library: NAME,
  funcName: 'ot_add',
  retType: DataType.I32 as const,
  paramsType: [DataType.I32, DataType.I32],
  paramsValue: [0, 0],
};

const addElsewhere = { ...add, runInNewThread: true as const };

const strlen = {
  library: NAME,
  funcName: 'ot_strlen',
  retType: DataType.I32 as const,
  paramsType: [DataType.String],
  paramsValue: [''],
  runInNewThread: true as const,
};

const crc32 = {
  library: ZLIB,
  funcName: 'crc32',
  retType: DataType.I64 as const,
  paramsType: [DataType.I64, DataType.U8Array, DataType.I32],
  paramsValue: [0, Buffer.alloc(0), 0] as (number | Buffer)[],
  runInNewThread: true as const,
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
  load({ ...strlen, paramsValue: [''], runInNewThread: false });
  load({ ...crc32, paramsValue: [0, Buffer.alloc(1), 1], runInNewThread: false });
}

/** In a worker: the library is open already, in the same process. */
export function addByFfiRs(a: number, b: number): number {
  add.paramsValue = [a, b];
  return load(add);
}

/** ffi-rs's own way off the main thread: libuv's pool. */
export function addInNewThread(a: number, b: number): Promise<number> {
  addElsewhere.paramsValue = [a, b];
  return load(addElsewhere);
}

export function textInNewThread(text: string): Promise<number> {
  strlen.paramsValue = [text];
  return load(strlen);
}

/** zlib's CRC-32. */
export function bytesInNewThread(bytes: Uint8Array): Promise<number> {
  crc32.paramsValue = [0, asBuffer(bytes), bytes.length];
  return load(crc32);
}
