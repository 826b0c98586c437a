/** Whether this process can share memory with children: it can where a small file can be made, mapped and written to. */
import { type System, systemCalls } from '../../engines/system/system-calls.js';

const TRIAL_BYTES = 4_096;

/** Of this environment, once it has been found to work: what failed once may do later. */
let tried: System | undefined;

/** The system calls that shared memory takes; null where they are not to be had, or fail. */
export function sharingSystem(): System | null {
  try {
    tried ??= trial(systemCalls());
    return tried;
  } catch {
    return null;
  }
}

/** @throws what keeps memory from being shared. */
function trial(system: System): System {
  const file = system.create(TRIAL_BYTES);
  try {
    new Uint8Array(system.view(file, 0, TRIAL_BYTES)).fill(1);
    return system;
  } finally {
    system.unmap(file);
    system.close(file.fd);
  }
}
