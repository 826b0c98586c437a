/** How a library is to be loaded: what the host has decided, as plain data for whichever process loads it. */

/** The identity of a file, independent of its name. Two files with the same code are the same to a program. */
export interface FileIdentity {
  readonly device: string;
  readonly inode: string;
  /** When its inode was made, in ns: an inode number is given out again. */
  readonly born: string;
  readonly bytes: number;
  /** Its build id; where it has none, when it was last written, in ns. */
  readonly version: string;
  /** Whether `version` is a build id, which a copy has, too. */
  readonly built: boolean;
}

/** Symbols that both a library and the program define, and that the library would therefore not find in itself. */
export interface Clash {
  readonly symbols: number;
  /** The name of one. */
  readonly example: string;
  /** Whether the program has only some of them: then the library would run on a mixture of both. */
  readonly mixed: boolean;
}

export interface LoadTerms {
  /** The file that must be loaded; null if the loader searches for it. */
  readonly identity: FileIdentity | null;
  /** Whether the library finds its own symbols before the program's; null: where it has to. */
  readonly deep: boolean | null;
  /** Null where there is none, or where that does not matter. */
  readonly clash: Clash | null;
  /** Whether libraries that are loaded later find its symbols. */
  readonly global: boolean;
}
