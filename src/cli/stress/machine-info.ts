/** Where a run was made. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import type { MachineInfo } from './stress-report.js';

export function machineInfo(): MachineInfo {
  return {
    platform: process.platform,
    arch: process.arch,
    release: release(),
    node: process.version,
    cpu: cpus()[0]?.model.trim() ?? '',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
  };
}

/** The version of offthread. */
export function packageVersion(): string {
  const path = createRequire(import.meta.url).resolve('offthread/package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
