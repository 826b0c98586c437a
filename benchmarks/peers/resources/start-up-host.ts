/**
 * A program that starts one pool, has it answer, and tells how long that took:
 *
 *   start-up-host NAME LANES     of `lone.ts`; forked
 */
import { once } from 'node:events';
import { type LoneName, startLone } from '../libraries/lone.js';

export interface StartedUp {
  /** ms from before its import until its pool has been made. */
  readonly made: number;
  /** ms from before its import to its first answer. */
  readonly answered: number;
}

const [name, lanes] = [process.argv[2] as LoneName, Number(process.argv[3])];
const start = performance.now();
const contestant = await startLone(name, lanes);
const made = performance.now() - start;
const answer = await contestant.call(1, 2);
const answered = performance.now() - start;
if (answer !== 3) throw new Error(`1 + 2 is not ${String(answer)}`);
process.send?.({ made, answered } satisfies StartedUp);
await once(process, 'message');
await contestant.close();
process.exit();
