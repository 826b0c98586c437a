/**
 * A program of its own: loads one library, and reports on descriptor 3 what that did to the process. What the library
 * prints stays on stdout and stderr. Started by `load-trial.ts`.
 */
import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { type LoadReport, processState } from './process-state.js';

const REPORT = 3;
/** RTLD_NODELETE: `process.dlopen` unloads what is no add-on, and code that runs would lose its ground. */
const KEEP = process.platform === 'darwin' ? 0x80 : 0x1000;

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
  processState();
  const before = processState();
  const start = performance.now();
  const error = load(library);
  const ms = performance.now() - start;
  const report: LoadReport = { before, after: processState(), ms, error };
  writeSync(REPORT, JSON.stringify(report));
}
