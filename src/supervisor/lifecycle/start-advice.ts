/** Why a lane could not be started, from the error of Node.js or the system, and what to do. */

/** Options of Node.js that grant permissions, by the permission's name in the error. */
const GRANTED_BY: Readonly<Record<string, string>> = {
  WorkerThreads: '--allow-worker',
  ChildProcess: '--allow-child-process',
  FileSystemRead: '--allow-fs-read',
  FileSystemWrite: '--allow-fs-write',
  Addon: '--allow-addons',
  FFI: '--allow-ffi',
};

const LIMITS: Readonly<Record<string, string>> = {
  EAGAIN:
    'The limit of processes and threads for this user has been reached: raise it (ulimit -u), or use fewer lanes.',
  EMFILE: 'This process has no file descriptors left: raise the limit (ulimit -n), or use fewer lanes.',
  ENFILE: 'The system has no file descriptors left.',
  ENOMEM: 'The system has no memory left: check ulimit -v, or use fewer lanes.',
  ENOENT: 'The executable of Node.js has been removed since this process was started.',
  ERR_WORKER_INIT_FAILED:
    'The system could not create another thread: check ulimit -u and ulimit -v, or use fewer lanes.',
};

/** @returns null for an unknown error. Never throws. */
export function startAdvice(error: unknown): string | null {
  try {
    const { code, permission, resource } = (error ?? {}) as Record<string, unknown>;
    if (code !== 'ERR_ACCESS_DENIED') return LIMITS[String(code)] ?? null;
    const flag = GRANTED_BY[String(permission)];
    if (flag === undefined) return null;
    const value = typeof resource === 'string' && flag.startsWith('--allow-fs') ? `=${resource}` : '';
    return `The permission model of Node.js forbids lanes: start this process with ${flag}${value}.`;
  } catch {
    return null;
  }
}
