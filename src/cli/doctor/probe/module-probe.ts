/**
 * A program of its own: loads one module and calls nothing of it, on the main thread or in threads that end again. It
 * reports on descriptor 3, one JSON object a line, so that what was before a crash is known. Started by `module-trial.ts`,
 * which gives Node.js the flag for the second argument of `import.meta.resolve`.
 *
 *   module-probe.js main | in-turn | together | terminated MODULE
 */
import { once } from 'node:events';
import { existsSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { type LoadReport, processState } from './process-state.js';

/** How the module is loaded. */
export type ProbeMode = 'main' | 'in-turn' | 'together' | 'terminated';

/** What the main thread reports, beside what loading did to the process. */
export interface ModuleLoad extends LoadReport {
  /** Where the module is; null if it could not be found. */
  readonly url: string | null;
  /** The files of the add-ons, in the order in which they were loaded. */
  readonly addOns: readonly string[];
  /** Exported functions whose names end with "Sync". */
  readonly synchronous: readonly string[];
}

/** What happened to one thread. */
export type ThreadStep =
  | { readonly step: 'loaded' | 'ended' }
  | { readonly step: 'failed'; readonly message: string };

const REPORT = 3;
/** Threads, one after the other. */
const ROUNDS = 3;
/** ms after which a thread that is to end, and has something that keeps its event loop busy, leaves it. */
const END_MS = 2_000;

const say = (what: ModuleLoad | ThreadStep): void => void writeSync(REPORT, `${JSON.stringify(what)}\n`);

/** As Node.js finds it from the current folder. */
function locate(name: string): string {
  const file = resolve(name);
  if (existsSync(file) && /[/\\.]/.test(name)) return pathToFileURL(file).href;
  return import.meta.resolve(name, pathToFileURL(resolve('module.js')).href);
}

async function load(url: string): Promise<unknown> {
  return url.endsWith('.node') ? createRequire(import.meta.url)(fileURLToPath(url)) : import(url);
}

function messageOf(error: unknown): string {
  const [first = ''] = (error instanceof Error ? error.message : String(error)).trim().split('\n');
  return first;
}

/** Getters are not read: they are code of the module. */
function synchronousExports(loaded: unknown): string[] {
  const names = new Set<string>();
  const of = (value: unknown): void => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(value)))
      if (name.endsWith('Sync') && typeof property.value === 'function') names.add(name);
  };
  of(loaded);
  of((loaded as { default?: unknown } | null)?.default);
  return [...names];
}

async function onMainThread(name: string): Promise<void> {
  const addOns: string[] = [];
  const open = process.dlopen;
  process.dlopen = (module: object, file: string, ...flags: number[]): void => {
    addOns.push(file);
    Reflect.apply(open, process, [module, file, ...flags]);
  };
  // What Node.js itself starts late, such as its thread pool, would count as the module's.
  await stat('.');
  processState();
  const before = processState();
  const start = performance.now();
  let url: string | null = null;
  let error: string | null = null;
  let loaded: unknown;
  try {
    url = locate(name);
    loaded = await load(url);
  } catch (failure) {
    error = messageOf(failure);
  }
  const ms = performance.now() - start;
  const after = processState();
  say({ before, after, ms, error, url, addOns, synchronous: synchronousExports(loaded) });
  // What keeps the event loop busy is no fault of a module.
  setTimeout(() => process.exit(), END_MS).unref();
}

/** Starts a thread that loads the module. @returns null where it cannot. */
async function start(name: string): Promise<Worker | null> {
  const thread = new Worker(fileURLToPath(import.meta.url), { workerData: name });
  let failure: string | undefined;
  thread.on('error', (error) => (failure ??= messageOf(error)));
  const ended = once(thread, 'exit').then(
    (): ThreadStep => ({
      step: 'failed',
      message: failure ?? 'the thread ended while it loaded the module',
    }),
  );
  const told = new Promise<ThreadStep>((settle) => thread.once('message', settle));
  const step = await Promise.race([told, ended]);
  say(step);
  if (step.step === 'loaded') return thread;
  await ended;
  return null;
}

async function end(thread: Worker | null, terminate = false): Promise<void> {
  if (thread === null) return;
  const ended = once(thread, 'exit');
  if (terminate) await thread.terminate();
  else thread.postMessage('end');
  await ended;
  say({ step: 'ended' });
}

async function inThreads(mode: Exclude<ProbeMode, 'main'>, name: string): Promise<void> {
  if (mode === 'together') {
    const threads = await Promise.all([start(name), start(name)]);
    for (const thread of threads) await end(thread);
    return;
  }
  for (let round = 0; round < ROUNDS; round += 1) await end(await start(name), mode === 'terminated');
}

async function inThread(port: NonNullable<typeof parentPort>, name: string): Promise<void> {
  port.once('message', () => {
    port.close();
    setTimeout(() => process.exit(), END_MS).unref();
  });
  try {
    await load(locate(name));
    port.postMessage({ step: 'loaded' } satisfies ThreadStep);
  } catch (error) {
    port.postMessage({ step: 'failed', message: messageOf(error) } satisfies ThreadStep);
    port.close();
  }
}

const [, , mode, name] = process.argv;
if (!isMainThread && parentPort !== null) await inThread(parentPort, workerData as string);
else if (mode === 'main' && name !== undefined) await onMainThread(name);
else if (name !== undefined) await inThreads(mode as Exclude<ProbeMode, 'main'>, name);
