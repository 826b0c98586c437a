/** Where lines go. Text is collected, and written in large steps. */
export interface Sink {
  /** Adds whole lines. */
  add(text: string): void;
  /** Whether so much has been added that it should be written before more comes. */
  readonly isFull: boolean;
  /** Whether nobody reads what is written. */
  readonly closed: boolean;
  /** Writes what has been added. @throws (rejects) the error of the system, such as a full disk. */
  flush(): Promise<void>;
}

/** Characters that are collected before they are encoded. */
export const STEP_CHARACTERS: number = 64 * 1024;
