/**
 * The program of a process lane. Everything it needs is on its command line
 * and in its descriptors (see `process-boot.ts`).
 *
 * Guarantees:
 * - It ends with its host: by a signal, where the system sends one; when the
 *   host's end of the socket closes; and at once when its host has ended before
 *   it came to ask for that signal.
 * - It prints nothing of its own. What JavaScript throws here ends it with an
 *   exit code, and its text goes to the host.
 */
import { closeSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { inspect } from 'node:util';
import { JSON, performance, setInterval } from '../src/builtins.js';
import { systemCalls } from '../src/engines/system/system-calls.js';
import { LaneMemory } from '../src/shared/memory/lane-memory.js';
import { markLane } from '../src/shared/lane-mark.js';
import { Header, Phase } from '../src/shared/memory/layout.js';
import { processMemoryBytes } from '../src/shared/messages/message-channel.js';
import type { ErrorData, ToLane } from '../src/shared/messages/messages.js';
import { MEMORY_FD, type ProcessBoot } from '../src/shared/messages/process-boot.js';
import { errorData } from './error-data.js';
import type { Question } from './host-messages.js';
import { LaneRuntime } from './lane-runtime.js';
import { ProcessInterrupts } from './process/process-interrupts.js';
import { ProcessLink } from './process/process-link.js';
import { reportOf } from './report.js';
import { residentBytes } from './process/resident.js';

const BYTES_PER_KB = 1_024;
/** ms between looks at how much memory the process holds. */
const MEASURE_MS = 100;
/** What Node.js itself exits with after an uncaught error. */
const UNCAUGHT = 1;

const boot = JSON.parse(process.argv[2] as string) as ProcessBoot;
const startedAt = performance.now();

const system = systemCalls(boot.stackBytes);
system.endWithParent();
// It may have ended before the line above.
if (process.ppid !== boot.host) process.kill(process.pid, 'SIGKILL');
process.title = `${boot.name} (offthread lane)`;
markLane(boot.name);

// What a terminal or a service manager sends to all processes of a group is the host's to answer: it ends its lanes in its own time.
system.ignore([constants.signals.SIGINT, constants.signals.SIGTERM, constants.signals.SIGHUP]);
process.on('uncaughtException', (error) => {
  try {
    // For the host, which keeps what a lane said last.
    writeSync(2, `${inspect(error)}\n`);
  } finally {
    // Also where it cannot be said: an error in here would end it with another code.
    process.exit(UNCAUGHT);
  }
});

// Memory that the host maps, too.
const file = system.map(MEMORY_FD);
const memory = new LaneMemory(boot.size, system.view(file, 0, processMemoryBytes(boot.size)));
closeSync(MEMORY_FD);
const interrupts = new ProcessInterrupts({ address: file.address, size: boot.size });
const link = new ProcessLink(memory, system, (library) => interrupts.prepare(library));
const lane: LaneRuntime = new LaneRuntime(memory, boot, link, answer);

function answer(question: Question): void {
  let error: ErrorData | null = null;
  if (question.kind === 'try') error = probeOpen(question);
  // Callbacks are not given back, whatever calls them meanwhile: they end with the process.
  else if (question.question !== 'report') lane.drain();
  const resident = residentBytes();
  memory.i32[Header.RESIDENT_KB] = resident / BYTES_PER_KB;
  const report = { ...reportOf(boot.name, lane, startedAt), residentBytes: resident };
  link.post({ kind: 'reply', id: question.id, report, error });
}

function probeOpen(question: Extract<ToLane, { kind: 'try' }>): ErrorData | null {
  memory.i32[Header.PHASE] = Phase.BOOT;
  try {
    lane.functions.probeOpen(question);
    return null;
  } catch (error) {
    return errorData(error);
  } finally {
    memory.i32[Header.PHASE] = Phase.IDLE;
  }
}

setInterval(() => {
  memory.i32[Header.RESIDENT_KB] = residentBytes() / BYTES_PER_KB;
}, MEASURE_MS).unref();

lane.announce();
void lane.serve();
