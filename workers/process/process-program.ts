/**
 * The program of a process lane. Its input is on its command line and in its descriptors (see `process-boot.ts`).
 *
 * Guarantees:
 * - It ends with its host: by a signal, if the system can send one; when the host's end of the socket closes; and at
 *   once if the host has ended before the lane requested that signal.
 * - It prints nothing of its own. An uncaught error ends it with an exit code, and the text goes to the host.
 */
import { closeSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { inspect } from 'node:util';
import { JSON, performance, setInterval } from '../../src/builtins.js';
import { systemCalls } from '../../src/engines/system/system-calls.js';
import { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import { markLane } from '../../src/shared/lane-mark.js';
import { Header, Phase } from '../../src/shared/memory/layout.js';
import { processMemoryBytes } from '../../src/shared/messages/message-channel.js';
import type { ErrorData, ToLane } from '../../src/shared/messages/messages.js';
import type { ModuleAnswer } from '../../src/shared/messages/module-messages.js';
import { MEMORY_FD, type ProcessBoot } from '../../src/shared/messages/process-boot.js';
import { errorData } from '../error-data.js';
import type { Question } from '../host-messages.js';
import { LaneRuntime } from '../lane-runtime.js';
import { ProcessInterrupts } from './process-interrupts.js';
import { ProcessLink } from './process-link.js';
import { reportOf } from '../report.js';
import { residentBytes } from './resident.js';

const BYTES_PER_KB = 1_024;
/** ms between measurements of the resident memory. */
const MEASURE_MS = 100;
/** The exit code of Node.js after an uncaught error. */
const UNCAUGHT = 1;

export function runProcessLane(): void {
  const boot = JSON.parse(process.argv[2] as string) as ProcessBoot;
  const startedAt = performance.now();

  const system = systemCalls(boot.stackBytes);
  system.endWithParent();
  // The host may have ended before the line above.
  if (process.ppid !== boot.host) process.kill(process.pid, 'SIGKILL');
  process.title = `${boot.name} (offthread lane)`;
  markLane(boot.name);

  // A terminal or service manager sends these signals to all processes of a group. The host handles them, and ends its
  // lanes when it chooses.
  system.ignore([constants.signals.SIGINT, constants.signals.SIGTERM, constants.signals.SIGHUP]);
  process.on('uncaughtException', (error) => {
    try {
      // For the host, which keeps the last lines of stderr.
      writeSync(2, `${inspect(error)}\n`);
    } finally {
      // Also if the write fails: an error in this handler would change the exit code.
      process.exit(UNCAUGHT);
    }
  });

  // The memory that the host also maps.
  const file = system.map(MEMORY_FD);
  const memory = new LaneMemory(boot.size, system.view(file, 0, processMemoryBytes(boot.size)));
  closeSync(MEMORY_FD);
  const interrupts = new ProcessInterrupts({ address: file.address, size: boot.size });
  const link = new ProcessLink(memory, system, (library) => interrupts.prepare(library));
  const lane: LaneRuntime = new LaneRuntime(
    memory,
    boot,
    link,
    (question) => void answer(question),
    boot.name,
  );

  async function answer(question: Question): Promise<void> {
    let opened: ReturnType<typeof probeOpen> = { error: null, file: null };
    let module: ModuleAnswer | null = null;
    if (question.kind === 'try') opened = probeOpen(question);
    else if (question.kind === 'load') module = await lane.modules().table.load(question.order);
    // Callbacks are not released: they end with the process.
    else if (question.question !== 'report') await lane.drained();
    if (question.kind === 'ask' && question.question === 'retire') await lane.tearDown();
    const resident = residentBytes();
    memory.i32[Header.RESIDENT_KB] = resident / BYTES_PER_KB;
    const report = { ...reportOf(boot.name, lane, startedAt), residentBytes: resident };
    link.post({ kind: 'reply', id: question.id, report, module, ...opened });
  }

  function probeOpen(question: Extract<ToLane, { kind: 'try' }>): {
    error: ErrorData | null;
    file: string | null;
  } {
    memory.i32[Header.PHASE] = Phase.BOOT;
    try {
      return { error: null, file: lane.functions.probeOpen(question) };
    } catch (error) {
      return { error: errorData(error), file: null };
    } finally {
      memory.i32[Header.PHASE] = Phase.IDLE;
    }
  }

  setInterval(() => {
    memory.i32[Header.RESIDENT_KB] = residentBytes() / BYTES_PER_KB;
  }, MEASURE_MS).unref();

  void run(lane);
}

async function run(lane: LaneRuntime): Promise<void> {
  await lane.announce();
  await lane.serve();
}
