/** What can be said of whether the functions of a module block, without calling them. */
export interface Blocking {
  /** Exported functions whose names end with "Sync". */
  readonly functions: readonly string[];
  /** What the documentation of a package that is known here says; null for all others. */
  readonly known: string | null;
}

/** Packages whose documentation says that their functions return when the work is done. */
const KNOWN: Readonly<Record<string, string>> = {
  'better-sqlite3': 'all queries are synchronous',
  'tree-sitter': 'parsing and queries are synchronous',
  '@napi-rs/canvas': 'drawing and toBuffer() are synchronous, encode() is not',
  lmdb: 'reading, transactionSync() and putSync() are synchronous, put() is not',
  'node:sqlite': 'all queries are synchronous',
};

export function blockingOf(name: string, functions: readonly string[]): Blocking {
  return { functions, known: KNOWN[name] ?? null };
}
