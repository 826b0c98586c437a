/**
 * Runs the benchmarks, each in a process of its own: all of them, or those
 * named.
 *
 *   npm run bench [-- run NAME ...] [--quick] [--record]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { benchmarkArguments } from './harness/arguments.js';

const ALL = [
  'small-calls',
  'round-trip',
  'short-strings',
  'buffers',
  'blocking',
  'lane-growth',
  'mixed-calls',
  'map',
  'map-columns',
  'start-up',
  'idle-cpu',
  'queued-calls',
  'cancel-latency',
  'leak',
  'streams',
  'slow-consumer',
  'host-functions',
  'process-calls',
  'crash-latency',
  'kill-latency',
  'lane-memory',
];

const { names, quick, record } = benchmarkArguments();
const unknown = names.filter((name) => !ALL.includes(name));
if (unknown.length > 0) {
  console.error(`No benchmark is called ${unknown.join(' or ')}. There are: ${ALL.join(', ')}.`);
  process.exitCode = 2;
} else {
  const flags = [...(quick ? ['--quick'] : []), ...(record ? ['--record'] : [])];
  for (const name of names.length > 0 ? names : ALL) {
    const file = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
    const child = spawn(process.execPath, [file, ...flags], { stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) process.exitCode = 1;
    console.log();
  }
}
