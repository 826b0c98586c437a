/** What verdicts mean for the exit code. */
import { EXIT, type ExitCode } from '../console/exit-codes.js';
import type { Verdicts } from './verdict-types.js';

/** The library crashed, before a bad verdict; `EXIT.ok` when neither is so. */
export function exitOfVerdicts({ threadSafety, leak, crash }: Verdicts): ExitCode {
  if (crash !== undefined) return EXIT.crashed;
  return threadSafety?.verdict === 'unsafe' || leak?.verdict === 'leaks' ? EXIT.verdict : EXIT.ok;
}
