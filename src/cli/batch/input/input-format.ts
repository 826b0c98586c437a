/** Which format an input has, and its reader. */
import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { UsageError } from '../../console/usage-error.js';
import { csvReader } from './csv-reader.js';
import { readNdjson } from './ndjson-reader.js';
import type { RecordReader } from './records.js';

export type InputFormat = 'ndjson' | 'csv' | 'tsv';

const BY_EXTENSION: Readonly<Record<string, InputFormat>> = {
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.json': 'ndjson',
  '.csv': 'csv',
  '.tsv': 'tsv',
};

/** @param path undefined for stdin. @throws UsageError for a file whose name does not say. */
export function formatOf(asked: InputFormat | undefined, path: string | undefined): InputFormat {
  if (asked !== undefined) return asked;
  if (path === undefined) return 'ndjson';
  const known = BY_EXTENSION[extname(path).toLowerCase()];
  if (known !== undefined) return known;
  if (!existsSync(path)) throw new UsageError(`The input ${path} does not exist.`);
  throw new UsageError(`The name of ${path} does not say its format. Add --format ndjson, csv or tsv.`);
}

export function readerOf(format: InputFormat, header: boolean): RecordReader {
  return format === 'ndjson' ? readNdjson : csvReader({ header, delimiter: format === 'csv' ? ',' : '\t' });
}
