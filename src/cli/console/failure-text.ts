/** How an error ends a command: what is written to stderr, and the exit code. */
import {
  ArgumentError,
  DeclarationError,
  EngineError,
  LaneCrashedError,
  LibraryNotFoundError,
  OffthreadError,
  SymbolNotFoundError,
} from 'offthread';
import { inCommandWords } from './command-words.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { UsageError } from './usage-error.js';

/** Errors that come before anything was called: the command line has to change. */
const BEFORE_THE_CALL = [
  UsageError,
  ArgumentError,
  DeclarationError,
  LibraryNotFoundError,
  SymbolNotFoundError,
  EngineError,
];

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof LaneCrashedError) return EXIT.crashed;
  return BEFORE_THE_CALL.some((type) => error instanceof type) ? EXIT.usage : EXIT.failed;
}

/** The message alone where it was written for people; the stack of an error that nobody expected. */
export function failureText(error: unknown): string {
  if (error instanceof UsageError) return error.message;
  if (error instanceof OffthreadError) return inCommandWords(error.message);
  if (!(error instanceof Error)) return String(error);
  // Errors of the system (a file that is not there) say in their message what happened.
  return 'syscall' in error ? error.message : (error.stack ?? error.message);
}
