/** What the tests of lanes share: declared functions and tickets without a library behind them. */
import type { MessagePort } from 'node:worker_threads';
import { MessageChannel } from 'node:worker_threads';
import { compileDeclarations } from '../../src/declare/compile.js';
import { DeclaredFunction } from '../../src/lanes/declared-function.js';

let number = 0;

/** A declared function named `f`. */
export function declare(declaration: unknown): DeclaredFunction {
  const [compiled] = compileDeclarations('libtest.so', { f: declaration });
  if (compiled === undefined) throw new Error('nothing was compiled');
  number += 1;
  return new DeclaredFunction(number, compiled, 'koffi', 'libtest.so');
}

/** Runs with both ends of a channel, and closes them. */
export function withPorts<R>(run: (host: MessagePort, lane: MessagePort) => R): R {
  const { port1, port2 } = new MessageChannel();
  try {
    return run(port1, port2);
  } finally {
    port1.close();
    port2.close();
  }
}
