import type { Piscina } from 'piscina';

interface Refable {
  ref(): unknown;
  unref(): unknown;
}

/**
 * Lets the process end although a thread of this pool is stuck in native code. Call it before `destroy`: ending a
 * worker calls `ref` on it, so `ref` is disabled.
 *
 * @param created the object that piscina passes to `workerCreate`. A running task keeps the process alive through a
 * port of piscina, to which only this object refers, by a symbol. This holds for the pinned version 5.3.2, and is
 * checked.
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
  // Configurable, because `detach` may be called again.
  Object.defineProperty(held, 'ref', { value: () => held, configurable: true });
}

function isRefable(value: unknown): value is Refable {
  const { ref, unref } = (value ?? {}) as Partial<Refable>;
  return typeof ref === 'function' && typeof unref === 'function';
}
