/** Access to the host's ends of a child's descriptors, also without the event loop. */
import type { ChildProcess } from 'node:child_process';
import { readSync } from 'node:fs';
import type { Socket } from 'node:net';

/** The host's end of a socket, by the child's descriptor. */
export function socketOf(child: ChildProcess | null, fd: number): Socket | undefined {
  return (child?.stdio as readonly (Socket | undefined)[] | undefined)?.[fd];
}

/** The descriptor of a stream: Node.js keeps it only on the handle. */
export function descriptorOf(stream: unknown): number {
  const { _handle: handle } = (stream ?? {}) as { _handle?: { fd?: number } | null };
  return handle?.fd ?? -1;
}

/** Reused: the content is used before the next read. */
const buffer = Buffer.alloc(65_536);

/** Reads the available bytes. The result is valid until the next read. */
export function readNow(fd: number): Buffer | 'nothing' | 'closed' {
  try {
    const bytes = readSync(fd, buffer);
    return bytes === 0 ? 'closed' : buffer.subarray(0, bytes);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 'nothing' : 'closed';
  }
}
