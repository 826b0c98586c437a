/** The interrupt thread of a process lane: reads the host's orders, one per line. */
import { parentPort } from 'node:worker_threads';
import { builtinModule } from '../../src/builtins.js';
import { loadEngine } from '../../src/engines/load-engine.js';
import { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import { processMemoryBytes } from '../../src/shared/messages/message-channel.js';
import type { InterruptFunction } from '../../src/shared/messages/messages.js';
import { ORDERS_FD, readInterruption } from '../../src/shared/messages/process-boot.js';
import { bindInterrupt, interrupt } from '../interrupts.js';
import type { InterruptBoot } from './process-interrupts.js';

export function runInterruptThread(boot: InterruptBoot): void {
  let memory: LaneMemory | undefined;

  /** The lane's memory, which this process has mapped. */
  function laneMemory(target: InterruptFunction): LaneMemory {
    if (memory === undefined) {
      const engine = loadEngine(target.engine, { role: 'lane' });
      memory = new LaneMemory(boot.size, engine.view(boot.address, processMemoryBytes(boot.size)));
    }
    return memory;
  }

  function obeyLine(line: string): void {
    try {
      const order = readInterruption(line);
      interrupt(laneMemory(order.target), order);
    } catch {
      // A call that cannot be interrupted runs until its grace is over.
    }
  }

  parentPort?.on('message', (targets: readonly InterruptFunction[]) => {
    for (const target of targets) {
      try {
        bindInterrupt(target);
      } catch {
        // The order that needs the function fails as well.
      }
    }
  });
  const { Socket } = builtinModule('node:net');
  const { createInterface } = builtinModule('node:readline');
  const input = new Socket({ fd: ORDERS_FD, readable: true, writable: false });
  createInterface({ input }).on('line', obeyLine);
}
