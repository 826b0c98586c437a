/** `--max-failures`: when so many items have failed that the run is given up. */
import { wholeNumber } from '../../console/numbers.js';
import { UsageError } from '../../console/usage-error.js';

export interface FailureLimit {
  /** Whether more have failed than are allowed. `over`: all items that have ended; `atEnd`: there will be no more. */
  exceeded(failed: number, over: number, atEnd: boolean): boolean;
  /** `soon`: items that run are finished first. */
  readonly when: 'now' | 'soon';
  /** For messages. */
  readonly text: string;
}

/** Items from which on a share is judged before the end: of a few, one failure is a large share. */
const ENOUGH = 100;

/** @param text a number, or a percentage of the items that have ended. @throws UsageError */
export function failureLimit(text: string | undefined, when: 'now' | 'soon'): FailureLimit {
  if (text === undefined) return { exceeded: () => false, when, text: '' };
  if (!text.endsWith('%')) {
    const most = wholeNumber('--max-failures', text, 0);
    return { exceeded: (failed) => failed > most, when, text };
  }
  const percent = Number(text.slice(0, -1));
  if (text.length < 2 || !(percent >= 0 && percent <= 100)) {
    throw new UsageError(
      `--max-failures is '${text}'. Expected a number of items, or a percentage such as 2%.`,
    );
  }
  return {
    exceeded: (failed, over, atEnd) => (atEnd || over >= ENOUGH) && failed * 100 > percent * over,
    when,
    text,
  };
}
