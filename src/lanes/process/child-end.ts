/** How the process of a lane ended, as reported by Node.js or the system. */
import type { NativeEnd } from '../../engines/system/system-calls.js';
import { signalName } from '../death.js';

export interface ChildEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /**
   * Whether it may have been a signal: for a signal without a name, such as a real-time signal, Node.js reports exit
   * code 0.
   */
  readonly unsure?: boolean;
  /** Why the process could not be started. */
  readonly cause: unknown;
}

export const UNKNOWN_END: ChildEnd = { exitCode: undefined, signal: undefined, cause: undefined };

/** The end as reported by Node's event. @param seen the end as reported by the system before. */
export function endByEvent(code: number | null, signal: string | null, seen: NativeEnd | null): ChildEnd {
  if (code !== 0) return { ...UNKNOWN_END, exitCode: code ?? undefined, signal: signal ?? undefined };
  if (seen !== null && 'signal' in seen) return endBySystem(seen);
  return { ...UNKNOWN_END, exitCode: 0, unsure: seen === null };
}

export function endBySystem(end: NativeEnd): ChildEnd {
  return { ...UNKNOWN_END, ...('signal' in end ? { signal: signalName(end.signal) } : end) };
}

/** The end of a sentence that begins with the lane's name. */
export function reasonOf({ exitCode, signal, unsure, cause }: ChildEnd): string {
  if (signal !== undefined) return `was killed by ${signal}`;
  if (unsure === true) return 'exited with code 0, or was killed by a signal that is unknown to Node.js';
  if (exitCode !== undefined) return `exited with code ${exitCode}`;
  if (cause instanceof Error) return `could not be started: ${cause.message}`;
  return 'ended, and the system does not report how';
}
