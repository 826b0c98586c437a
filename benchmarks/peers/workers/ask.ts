/** Runs native code whose callback asks the host by a message, and blocks for the answer. */
import { parentPort, workerData } from 'node:worker_threads';
import { load, pointer, proto, register } from 'koffi';
import type { AskWorkerData } from '../callbacks/askers.js';

const port = parentPort;
if (port === null) throw new Error('this is a worker');
const { library, answers } = workerData as AskWorkerData;
const onAsk = pointer(proto('int BenchmarkAsk(int n)'));
const callCallback = load(library).func('ot_call_callback', 'int', [onAsk, 'int']);

const callback = register((n: number): number => {
  const seen = Atomics.load(answers, 0);
  port.postMessage({ n });
  while (Atomics.load(answers, 0) === seen) Atomics.wait(answers, 0, seen);
  return answers[1] ?? NaN;
}, onAsk);

port.on('message', (calls: number) => {
  port.postMessage({ n: -1, sum: callCallback(callback, calls) as number });
});
