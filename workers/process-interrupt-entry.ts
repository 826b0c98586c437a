/** The interrupt thread of a process lane: reads the host's orders, one per line. */
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { parentPort, workerData } from 'node:worker_threads';
import { loadEngine } from '../src/engines/load-engine.js';
import { LaneMemory } from '../src/shared/memory/lane-memory.js';
import { processMemoryBytes } from '../src/shared/messages/message-channel.js';
import type { InterruptFunction } from '../src/shared/messages/messages.js';
import { ORDERS_FD, readInterruption } from '../src/shared/messages/process-boot.js';
import { bindInterrupt, interrupt } from './interrupts.js';
import type { InterruptBoot } from './process/process-interrupts.js';

const boot = workerData as InterruptBoot;
let memory: LaneMemory | undefined;

/** The lane's memory, which this process has mapped. */
function laneMemory(target: InterruptFunction): LaneMemory {
  if (memory === undefined) {
    const engine = loadEngine(target.engine, { role: 'lane' });
    memory = new LaneMemory(boot.size, engine.view(boot.address, processMemoryBytes(boot.size)));
  }
  return memory;
}

function obey(line: string): void {
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
createInterface({ input: new Socket({ fd: ORDERS_FD, readable: true, writable: false }) }).on('line', obey);
