/** NDJSON: a JSON value on each line. Empty lines are left out; a line that is no JSON is a record with a problem. */
import { textLines } from '../../console/text-lines.js';
import { UsageError } from '../../console/usage-error.js';
import { type InputRecord, LONGEST_RECORD } from './records.js';

export async function* readNdjson(text: AsyncIterable<string>): AsyncGenerator<readonly InputRecord[], void> {
  for await (const lines of textLines(text, { keepsLast: true, onLong })) {
    const records = recordsOf(lines);
    if (records.length > 0) yield records;
  }
}

function onLong(characters: number): void {
  if (characters <= LONGEST_RECORD) return;
  throw new UsageError(
    `A line of the input is longer than ${LONGEST_RECORD} characters. Is it NDJSON, one JSON value on each line?`,
  );
}

function recordsOf(lines: readonly string[]): InputRecord[] {
  const records: InputRecord[] = [];
  for (const line of lines) {
    try {
      records.push({ value: JSON.parse(line) as unknown });
    } catch (error) {
      const text = line.replace(/\r$/, '');
      if (text.trim() !== '') records.push(unreadable(text, error as Error));
    }
  }
  return records;
}

/** A line whose JSON cannot be parsed. */
export function unreadable(text: string, { message }: Error): InputRecord {
  return { value: undefined, problem: `The line is no valid JSON: ${message}`, text };
}
