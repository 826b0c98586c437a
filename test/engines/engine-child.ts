/** Runs a small ES module in a Node.js process of its own, or in a worker of this one. */
import { spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';

/** How a child ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

const engines = new URL('../../src/engines/', import.meta.url).href;

/** `from('load-engine')` is the address of `src/engines/load-engine.js`: for code that is run elsewhere. */
export function from(name: string): string {
  return JSON.stringify(`${engines}${name}.js`);
}

/** Runs code as the main thread of a child process. */
export function runProcess(code: string, environment: NodeJS.ProcessEnv = {}): ChildEnd {
  const start = performance.now();
  const child = spawnSync(
    process.execPath,
    ['--no-warnings', '--expose-gc', '--input-type=module', '-e', code],
    {
      env: { ...process.env, ...environment },
      encoding: 'utf8',
      timeout: 60_000,
    },
  );
  const { status, signal, stdout, stderr } = child;
  return { code: status, signal, stdout, stderr, ms: performance.now() - start };
}

/** Runs code in a worker thread, and resolves to the message that it posts, once the worker has ended. */
export function runWorker(code: string, workerData: unknown): Promise<unknown> {
  const source = `import { parentPort, workerData } from 'node:worker_threads';\n${code}`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { workerData });
  return new Promise((resolve, reject) => {
    let message: unknown;
    worker.on('message', (value: unknown) => (message = value));
    worker.on('error', reject);
    worker.on('exit', () => resolve(message));
  });
}
