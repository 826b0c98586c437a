/**
 * The file that lanes run, in each of its roles:
 *
 *   the main thread of a process             a process lane
 *   a thread that this process lane started  its interrupt thread
 *   a thread of piscina                      a thread lane, or the interrupt thread of a pool: piscina's own code
 *                                            for workers, which calls `boot` or `obey`
 */
import { isMainThread, workerData } from 'node:worker_threads';
import { runInterruptThread } from './process/process-interrupt-program.js';
import { isInterruptBoot } from './process/process-interrupts.js';
import { runProcessLane } from './process/process-program.js';

export { obey } from './thread/interrupt-orders.js';
export { boot } from './thread/thread-boot.js';

if (isMainThread) runProcessLane();
else if (isInterruptBoot(workerData)) runInterruptThread(workerData);
// Bundled, and run here only: it needs the port of a worker. `scripts/bundle/piscina.mjs` knows the name.
else require('piscina/worker');
