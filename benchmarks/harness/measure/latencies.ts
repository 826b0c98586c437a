/** How long calls take that are made by a load: many at a time, or so many a second. */
import { setTimeout as sleep } from 'node:timers/promises';

type Short = (a: number, b: number) => Promise<unknown>;

/** @returns ms. @throws (rejects) for a wrong result. */
async function one(short: Short, call: number): Promise<number> {
  const start = performance.now();
  const sum = await short(call, 1);
  const ms = performance.now() - start;
  if (sum !== call + 1) throw new Error(`${call} + 1 is not ${String(sum)}`);
  return ms;
}

/** So many callers at a time, each awaiting its call before it makes the next. @returns ms of each call. */
export async function flood(short: Short, inFlight: number, forMs: number): Promise<number[]> {
  const all: number[] = [];
  const end = performance.now() + forMs;
  const caller = async (number: number): Promise<void> => {
    for (let call = number; performance.now() < end; call = (call + inFlight) & 0xff_ffff) {
      all.push(await one(short, call));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, number) => caller(number)));
  return all;
}

/** So many calls a second, whatever becomes of them: what is due is made at each tick of 1 ms. @returns ms of each call. */
export async function offered(short: Short, perSecond: number, forMs: number): Promise<number[]> {
  const calls: Promise<number>[] = [];
  const start = performance.now();
  for (let ms = 0; ms < forMs; ms = performance.now() - start) {
    while (calls.length < (ms * perSecond) / 1_000) calls.push(one(short, calls.length));
    await sleep(1);
  }
  return Promise.all(calls);
}

/** Keeps so many calls going, each followed by the next, until it is told to stop. */
export class Company {
  #stopped = false;
  #made = 0;
  readonly #callers: readonly Promise<void>[];

  constructor(call: () => Promise<unknown>, atOnce: number) {
    this.#callers = Array.from({ length: atOnce }, async () => {
      while (!this.#stopped) {
        await call();
        this.#made += 1;
      }
    });
  }

  /** @returns how many came back. */
  async stop(): Promise<number> {
    this.#stopped = true;
    await Promise.all(this.#callers);
    return this.#made;
  }
}
