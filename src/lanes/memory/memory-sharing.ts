/** Checks that this process can share memory with lane processes. */
import { noSharedMemory, systemCalls } from '../../engines/system/system-calls.js';
import { EngineError } from '../../errors.js';

/**
 * Tries to share as much memory as a lane needs: creates a file, maps it and writes to it.
 * @throws EngineError OFFTHREAD_NO_SHARED_MEMORY; OFFTHREAD_ENGINE_MISSING if no engine can make the system calls.
 */
export function requireSharedMemory(bytes: number): void {
  const system = systemCalls();
  const file = system.create(bytes);
  try {
    new Uint8Array(system.view(file, 0, bytes)).fill(1);
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw noSharedMemory('the engine cannot read and write the mapped memory', cause);
  } finally {
    system.unmap(file);
    system.close(file.fd);
  }
}
