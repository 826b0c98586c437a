/**
 * ffi-rs as the peers use it. Its tables are one for the whole process and
 * unlocked, so the host requires it, opens the library and looks the symbol up
 * before any worker calls it: otherwise it segfaults.
 */
import { DataType, load, open } from 'ffi-rs';

const NAME = 'benchmark-peers';
let opened = false;

const add = {
  library: NAME,
  funcName: 'ot_add',
  retType: DataType.I32 as const,
  paramsType: [DataType.I32, DataType.I32],
};

/** On the host, before the first worker. */
export function linkFfiRs(path: string): void {
  if (opened) return;
  opened = true;
  open({ library: NAME, path });
  addByFfiRs(1, 2);
}

/** In a worker: the library is open already, in the same process. */
export function addByFfiRs(a: number, b: number): number {
  return load({ ...add, paramsValue: [a, b] });
}

/** ffi-rs's own way off the main thread: libuv's pool. */
export function addInNewThread(a: number, b: number): Promise<number> {
  return load({ ...add, paramsValue: [a, b], runInNewThread: true });
}
