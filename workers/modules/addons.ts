/**
 * Notices which add-ons are loaded into this thread, and keeps their code in memory for good.
 *
 * An add-on is unmapped when the last thread that uses it ends, and V8's collector, or a thread of the add-on's own,
 * may call into it later. And a thread with an add-on must not be terminated from outside: many add-ons abort the
 * process then. The host reads a word of the lane's memory to know which lanes that concerns.
 */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { Atomics } from '../../src/builtins.js';
import type { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import { Header } from '../../src/shared/memory/layout.js';

/** RTLD_NODELETE, which Node.js does not name: glibc and musl have one value, macOS another. */
const NODELETE = process.platform === 'darwin' ? 0x80 : process.platform === 'linux' ? 0x1000 : 0;

/** Functions by which Node.js initializes an add-on that it finds in memory. */
const REGISTERS = ['napi_register_module_v', 'node_register_module_v'];

/**
 * Whether an add-on that stays in memory can be loaded again. One that registers itself when it is mapped, and in no
 * other way, cannot: Node.js would then not find it ("Module did not self-register").
 */
function staysUsable(file: string): boolean {
  try {
    const bytes = readFileSync(file);
    return REGISTERS.some((name) => bytes.includes(name));
  } catch {
    return false;
  }
}

type Open = (module: object, file: string, flags?: number) => void;

let engines = 0;

/** Runs what loads an engine of this package, which is no add-on of a module. */
export function loadingEngine<T>(load: () => T): T {
  engines += 1;
  try {
    return load();
  } finally {
    engines -= 1;
  }
}

/** Watches this thread from now on. @returns the files of the add-ons, as they are loaded. */
export function watchAddons({ i32 }: LaneMemory): readonly string[] {
  const files: string[] = [];
  const open = process.dlopen;
  const watched: Open = (module, file, flags = constants.dlopen.RTLD_LAZY) => {
    if (engines === 0) {
      files.push(file);
      // Before it is loaded: its initialization may be what does not return.
      Atomics.add(i32, Header.ADDONS, 1);
    }
    open.call(process, module, file, staysUsable(file) ? flags | NODELETE : flags);
  };
  process.dlopen = watched;
  return files;
}
