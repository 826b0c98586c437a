/**
 * A program with one pool, or none, that has been busy and is no more: it
 * reads what CPU it burns.
 *
 *   idle-host NAME LANES CALLS     NAME of `lone.ts`, or `no pool`; forked
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { callers } from '../../harness/measure/callers.js';
import { sum } from '../contestant.js';
import { type LoneName, startLone } from '../libraries/lone.js';

export interface Idled {
  /** µs of CPU a ms, of all threads of the process: in the second after the last answer, and in the one
   * after that. */
  readonly first: number;
  readonly second: number;
}

const IN_FLIGHT = 64;

async function burnt(): Promise<number> {
  const before = process.cpuUsage();
  const start = performance.now();
  await sleep(1_000);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (performance.now() - start);
}

const [name, lanes, calls] = [process.argv[2] ?? '', Number(process.argv[3]), Number(process.argv[4])];
if (name !== 'no pool') {
  const contestant = await startLone(name as LoneName, lanes);
  const wrong = await callers(contestant.call, sum, IN_FLIGHT, Math.ceil(calls / IN_FLIGHT));
  if (wrong > 0) throw new Error(`${name} gave ${wrong} wrong results`);
}
const first = await burnt();
const second = await burnt();
process.send?.({ first, second } satisfies Idled);
await once(process, 'message');
process.exit();
