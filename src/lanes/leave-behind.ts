import type { Piscina } from 'piscina';

/**
 * Lets the process end although a thread of this pool is stuck in native code.
 * To be called before `destroy`: ending a worker refs it again, so `ref` is
 * taken from it.
 */
export function leaveBehind(piscina: Piscina): void {
  for (const worker of piscina.threads) {
    Object.defineProperty(worker, 'ref', { value: () => worker });
    worker.unref();
  }
}
