/**
 * A program with one pool and nothing else: it is measured from outside.
 *
 *   resident-host NAME LANES     of `residents.ts`; forked, it says `ready`, and ends when it is told to
 */
import { once } from 'node:events';
import { testlib } from '../../harness/paths.js';
import { type ResidentName, residents } from './residents.js';

/** ms: long enough for every lane or worker to have a call of its own. */
const BLOCK_MS = 300;

const [name, lanes] = [process.argv[2] as ResidentName, Number(process.argv[3])];
const resident = await residents[name](testlib, lanes);
// Twice: with the first one all of them have been started.
for (let round = 0; round < 2; round += 1) {
  await Promise.all(Array.from({ length: lanes }, () => resident.sleep(BLOCK_MS)));
}
process.send?.({ processes: resident.processes });
await once(process, 'message');
await resident.close();
process.exit();
