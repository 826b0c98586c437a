/** What keeps a lane from being started, by the error that Node.js or the system gave, and what to do. */

/** The option of Node.js that grants a permission, by the name that the error has for it. */
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

/** @returns null where nothing is known of it. Never throws. */
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
