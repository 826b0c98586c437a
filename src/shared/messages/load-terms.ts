/** How a library is to be loaded: what the host has decided, as plain data for the process that loads it. */

/** The identity of a file, independent of its name. Two files with the same code are the same to a program. */
export interface FileIdentity {
  readonly device: string;
  readonly inode: string;
  /** When the inode was created, in ns, because inode numbers are reused. */
  readonly born: string;
  readonly bytes: number;
  /** The build id; without one, the time of the last write, in ns. */
  readonly version: string;
  /** Whether `version` is a build id, which copies share. */
  readonly built: boolean;
}

/** Symbols that both a library and the program define, and that the library would therefore not find in itself. */
export interface Clash {
  readonly symbols: number;
  /** The name of one of the symbols. */
  readonly example: string;
  /** Whether the program has only some of them: then the library would run on a mixture of both. */
  readonly mixed: boolean;
}

export interface LoadTerms {
  /** The file that must be loaded; null if the loader searches for it. */
  readonly identity: FileIdentity | null;
  /** Whether the library finds its own symbols before the program's; null: only if necessary. */
  readonly deep: boolean | null;
  /** Null if there is none, or if a clash is harmless. */
  readonly clash: Clash | null;
  /** Whether libraries that are loaded later can use its symbols. */
  readonly global: boolean;
}
