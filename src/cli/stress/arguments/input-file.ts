/** Arguments from a file: one JSON value a line. */
import { readFileSync } from 'node:fs';
import { UsageError } from '../../console/usage-error.js';

/** The arguments of one item: in order, or by the names of their parameters. */
export type InputRow = readonly unknown[] | Readonly<Record<string, unknown>>;

/** @throws UsageError when the file cannot be read, or a line is neither a list nor an object. */
export function readInputs(path: string): readonly InputRow[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`The file of --inputs cannot be read: ${(error as Error).message}`);
  }
  const rows: InputRow[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() !== '') rows.push(rowOf(line, `${path}, line ${at + 1}`));
  }
  if (rows.length === 0)
    throw new UsageError(`${path} has no inputs. Write one list of arguments a line: [1, "two"].`);
  return rows;
}

function rowOf(line: string, place: string): InputRow {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new UsageError(`${place} is not valid JSON: ${(error as Error).message}`);
  }
  if (typeof value === 'object' && value !== null) return value as InputRow;
  throw new UsageError(
    `${place} is neither a list of arguments nor an object with their names: ${line.trim()}`,
  );
}
