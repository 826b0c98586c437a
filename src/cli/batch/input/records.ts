/** What an input consists of, before it is known which arguments that makes. */

/** One line or row of the input. */
export interface InputRecord {
  /** A JSON value, or the cells of a row; undefined if the record cannot be read. */
  readonly value: unknown;
  /** Why it cannot be read. */
  readonly problem?: string;
  /** The text of a record that cannot be read. */
  readonly text?: string;
}

/** Records from text, in the order of the input, as many at a time as are there. */
export type RecordReader = (text: AsyncIterable<string>) => AsyncGenerator<readonly InputRecord[], void>;

/** Characters of the longest line. */
export const LONGEST_RECORD: number = 2 ** 26;
