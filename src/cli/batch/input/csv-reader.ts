/** CSV, as csv-parse reads it. Rows that it cannot read are records with a problem; the rows after them are read. */
import { type CsvError, type Options, Parser } from 'csv-parse';
import { type InputRecord, LONGEST_RECORD } from './records.js';

export interface CsvOptions {
  /** Whether the first row has the names of the columns: a record is then an object, otherwise an array. */
  readonly header: boolean;
  readonly delimiter: string;
}

/** @returns a reader of records whose values are cells by name, or in order. */
export function csvReader({ header, delimiter }: CsvOptions) {
  return async function* readCsv(text: AsyncIterable<string>): AsyncGenerator<readonly InputRecord[], void> {
    let names: readonly string[] | null = null;
    let records: InputRecord[] = [];
    const take = (cells: readonly string[]): null => {
      if (header && names === null) names = cells;
      else records.push(names === null ? { value: cells } : named(names, cells));
      // Nothing is passed on by the parser itself.
      return null;
    };
    const options: Options = {
      bom: true,
      delimiter,
      max_record_size: LONGEST_RECORD,
      relax_column_count: true,
      // A stray quote would otherwise take the rows behind it along.
      relax_quotes: true,
      skip_empty_lines: true,
      skip_records_with_error: true,
      on_record: take,
      on_skip: (error?: CsvError, raw?: string) => {
        records.push({
          value: undefined,
          problem: `The row is no valid CSV: ${error?.message ?? 'it cannot be read'}`,
          text: (raw ?? '').trimEnd(),
        });
        return undefined;
      },
    };
    const parser = new Parser(options);
    parser.resume();
    for await (const chunk of text) {
      await done((over) => parser.write(chunk, over));
      if (records.length > 0) yield records;
      records = [];
    }
    await done((over) => {
      parser.once('error', over);
      parser.end(over);
    });
    if (records.length > 0) yield records;
  };
}

function named(names: readonly string[], cells: readonly string[]): InputRecord {
  if (names.length === cells.length) {
    return { value: Object.fromEntries(names.map((name, at) => [name, cells[at]])) };
  }
  return {
    value: undefined,
    problem: `The row has ${cells.length} cells, and the header ${names.length}.`,
    text: cells.join(),
  };
}

function done(start: (over: (error?: Error | null) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error === undefined || error === null) resolve();
      else reject(error);
    });
  });
}
