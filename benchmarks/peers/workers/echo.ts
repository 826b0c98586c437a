/** Sends back what it gets. */
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', (n: number) => parentPort?.postMessage(n));
