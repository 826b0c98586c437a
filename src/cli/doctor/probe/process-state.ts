/** What can be seen of this process from inside, before and after something is loaded. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

export interface ProcessState {
  readonly threads: number;
  /** Signals with a handler, and signals that are ignored, as bits. */
  readonly caught: string;
  readonly ignored: string;
  readonly descriptors: number;
  readonly folder: string;
  /** The names and values of environment variables, as one text. */
  readonly environment: string;
}

/** What a program reports that loads something. */
export interface LoadReport {
  readonly before: ProcessState;
  readonly after: ProcessState;
  /** ms that loading took. */
  readonly ms: number;
  /** The loader's own words where it refused; null if it is loaded. */
  readonly error: string | null;
}

export function processState(): ProcessState {
  const status = (name: string): string => {
    try {
      return (
        new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
      );
    } catch {
      return '';
    }
  };
  let descriptors = 0;
  try {
    descriptors = readdirSync('/proc/self/fd').length;
  } catch {
    // no /proc
  }
  return {
    threads: Number(status('Threads')),
    caught: status('SigCgt'),
    ignored: status('SigIgn'),
    descriptors,
    folder: folder(),
    environment: JSON.stringify(process.env),
  };
}

/** Node.js remembers what it was told last by `process.cwd()`. */
function folder(): string {
  try {
    return readlinkSync('/proc/self/cwd');
  } catch {
    return process.cwd();
  }
}
