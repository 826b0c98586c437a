/** What a figure is worth nothing without. */
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';

/** CPU, cores, memory, Node and operating system, in one line. */
export function machineLine(): string {
  const model = cpus()[0]?.model.replaceAll(/\s+/g, ' ').trim() ?? 'unknown CPU';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${availableParallelism()} cores, ${memory} GB, Node ${process.version}, ${type()} ${release()} ${process.arch}`;
}
