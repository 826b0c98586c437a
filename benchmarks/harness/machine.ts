/** What a figure is worth nothing without. */
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

/** CPU, cores, memory, Node and operating system, in one line. */
export function machineLine(): string {
  const model = cpus()[0]?.model.replaceAll(/\s+/g, ' ').trim() ?? 'unknown CPU';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${availableParallelism()} cores, ${memory} GB, Node ${process.version}, ${type()} ${release()} ${process.arch}`;
}

/** What else the machine was doing: figures taken beside others' work say little. */
export function loadLine(): string {
  const [minute = 0] = loadavg();
  return `load average of the minute before: ${minute.toFixed(1)}`;
}
