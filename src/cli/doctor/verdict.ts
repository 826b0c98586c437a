/** What the doctor finds in a library or a module, and what follows. */

/** One sentence or two. */
export interface Finding {
  /** `bad`: it cannot be used so; `caution`: something to decide or to check; `fine`. */
  readonly weight: 'fine' | 'caution' | 'bad';
  readonly text: string;
}

/** What a library or a module may run in. */
export type LanesFor = 'threads-or-processes' | 'processes' | 'none';

export interface Verdict {
  readonly lanes: LanesFor;
  /** Whether loading it crashes, ends or freezes the process. */
  readonly crashes: boolean;
  readonly findings: readonly Finding[];
}

export const bad = (text: string): Finding => ({ weight: 'bad', text });
export const caution = (text: string): Finding => ({ weight: 'caution', text });
export const fine = (text: string): Finding => ({ weight: 'fine', text });
