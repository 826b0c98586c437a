/**
 * A program of its own: loads one library, and reports on descriptor 3 what that did to the process. What the library
 * prints stays on stdout and stderr. Started by `load-trial.ts`.
 */
import { readFileSync, readdirSync, readlinkSync, writeSync } from 'node:fs';
import { constants } from 'node:os';

/** What can be seen of the process from inside. */
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

/** What the program reports. */
export interface LoadReport {
  readonly before: ProcessState;
  readonly after: ProcessState;
  /** ms that loading took. */
  readonly ms: number;
  /** The loader's own words where it refused the library; null if it is loaded. */
  readonly error: string | null;
}

const REPORT = 3;
/** RTLD_NODELETE: `process.dlopen` unloads what is no add-on, and code that runs would lose its ground. */
const KEEP = process.platform === 'darwin' ? 0x80 : 0x1000;

function state(): ProcessState {
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

function load(library: string): string | null {
  try {
    process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_NOW | KEEP);
    return null;
  } catch (error) {
    const { message } = error as Error;
    // It is loaded, and is no add-on.
    return message.includes('self-register') ? null : message;
  }
}

const library = process.argv[2];
if (library !== undefined) {
  // What Node.js itself starts late would count as the library's.
  state();
  const before = state();
  const start = performance.now();
  const error = load(library);
  const ms = performance.now() - start;
  const report: LoadReport = { before, after: state(), ms, error };
  writeSync(REPORT, JSON.stringify(report));
}
