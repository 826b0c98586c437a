import type { Piscina } from 'piscina';

interface Refable {
  ref(): unknown;
  unref(): unknown;
}

/**
 * Lets the process end although a thread of this pool is stuck in native code.
 * To be called before `destroy`: ending a worker refs it again, so `ref` is
 * taken from it.
 *
 * @param created what piscina told of its worker (`workerCreate`). A running
 * task holds the process through piscina's own port, which only this object
 * refers to, by a symbol: of the pinned version 5.3.2, and looked for with care.
 */
export function detach(piscina: Piscina, created: object | null = null): void {
  for (const worker of piscina.threads) letGo(worker);
  if (created === null) return;
  for (const symbol of Object.getOwnPropertySymbols(created)) {
    const info: unknown = (created as Record<symbol, unknown>)[symbol];
    if (isRefable(info)) letGo(info);
  }
}

function letGo(held: Refable): void {
  held.unref();
  // It may be let go again.
  Object.defineProperty(held, 'ref', { value: () => held, configurable: true });
}

function isRefable(value: unknown): value is Refable {
  const { ref, unref } = (value ?? {}) as Partial<Refable>;
  return typeof ref === 'function' && typeof unref === 'function';
}
