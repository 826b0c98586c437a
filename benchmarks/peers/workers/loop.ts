/** A plain loop over items that are here already, into an array that is here already: what a thread can do at most. */
import { parentPort, workerData } from 'node:worker_threads';
import type { LoopWorkerData } from '../many-items/loops.js';
import { add } from './add.js';
import type { Pair } from './jobs.js';

const port = parentPort;
if (port === null) throw new Error('this is a worker');
const { shape, items } = workerData as LoopWorkerData;

/** Of numbers from 0 to 999,999, so that no sum overflows. */
const value = (item: number): number => (item * 7_919) % 1_000_000;

function overPairs(): { run: () => void; sum: (item: number) => number | undefined } {
  const pairs = Array.from({ length: items }, (_, item): Pair => [value(item), item]);
  const sums = Array.from({ length: items }, () => 0);
  const run = (): void => {
    for (let item = 0; item < items; item += 1) {
      const pair = pairs[item] as Pair;
      sums[item] = add(pair[0], pair[1]);
    }
  };
  return { run, sum: (item) => sums[item] };
}

function overColumns(): { run: () => void; sum: (item: number) => number | undefined } {
  const a = Int32Array.from({ length: items }, (_, item) => value(item));
  const b = Int32Array.from({ length: items }, (_, item) => item);
  const sums = new Int32Array(items);
  const run = (): void => {
    for (let item = 0; item < items; item += 1) sums[item] = add(a[item] as number, b[item] as number);
  };
  return { run, sum: (item) => sums[item] };
}

const { run, sum } = shape === 'pairs' ? overPairs() : overColumns();

port.on('message', () => {
  run();
  port.postMessage('done');
  let wrong = 0;
  for (let item = 0; item < items; item += 1) if (sum(item) !== value(item) + item) wrong += 1;
  port.postMessage(wrong);
});
port.postMessage('ready');
