/** What a process lane is started with: an argument of its command line, and descriptors by number. */
import { JSON } from '../../builtins.js';
import type { LaneSize } from '../memory/layout.js';
import type { Interruption } from './messages.js';

/** The lane's memory, to be mapped. */
export const MEMORY_FD = 3;
/** The socket by which host and lane wake each other. */
export const SOCKET_FD = 4;
/** The file of live bytes, see `live-bytes.ts`. */
export const LIVE_FD = 5;
/** Orders for the lane's interrupt thread, a line of JSON each. */
export const ORDERS_FD = 6;

export interface ProcessBoot {
  readonly name: string;
  readonly size: LaneSize;
  /** The process that the lane belongs to: the lane ends when its parent is another one. */
  readonly host: number;
  /** The host's `clockOrigin()`. */
  readonly clockOrigin: number;
  readonly spinUs: number;
  readonly stackBytes: number;
}

/** An order as a line of text: 64-bit integers as texts with an `n`. */
export function interruptionLine(interruption: Interruption): string {
  return JSON.stringify(interruption, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
}

/** The order in a line. */
export function readInterruption(line: string): Interruption {
  const parsed = JSON.parse(line) as Omit<Interruption, 'values'> & { readonly values: (number | string)[] };
  const values = parsed.values.map((value) =>
    typeof value === 'string' ? BigInt(value.slice(0, -1)) : value,
  );
  return { ...parsed, values };
}
