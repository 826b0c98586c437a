/** Merges results of several runs into one sequence in the order of their items. */
import { UsageError } from '../console/usage-error.js';
import type { IndexedLine } from './result-lines.js';

/** One sequence of results, and its place in it. */
interface Head {
  readonly name: string;
  readonly lines: AsyncIterator<readonly IndexedLine[]>;
  batch: readonly IndexedLine[];
  at: number;
  last: number;
}

/** @param sources by name, in the order of precedence: of an item that is in several, all lines are yielded, in this order. */
export async function* mergeLines(
  sources: ReadonlyMap<string, AsyncIterable<readonly IndexedLine[]>>,
): AsyncGenerator<IndexedLine, void> {
  const heads: Head[] = [];
  for (const [name, lines] of sources) {
    const head: Head = { name, lines: lines[Symbol.asyncIterator](), batch: [], at: 0, last: -1 };
    if (await fill(head)) heads.push(head);
  }
  while (heads.length > 0) {
    let first = heads[0] as Head;
    for (const head of heads) if (indexOf(head) < indexOf(first)) first = head;
    const line = first.batch[first.at] as IndexedLine;
    if (line.index <= first.last) {
      throw new UsageError(
        `The results in ${first.name} are not in the order of their items: ${line.index} comes after ${first.last}. Results of runs with --unordered are merged with --unordered, too.`,
      );
    }
    first.last = line.index;
    first.at += 1;
    yield line;
    if (first.at === first.batch.length && !(await fill(first))) heads.splice(heads.indexOf(first), 1);
  }
}

function indexOf({ batch, at }: Head): number {
  return (batch[at] as IndexedLine).index;
}

/** @returns whether there is another line. */
async function fill(head: Head): Promise<boolean> {
  do {
    const next = await head.lines.next();
    if (next.done === true) return false;
    head.batch = next.value;
    head.at = 0;
  } while (head.batch.length === 0);
  return true;
}
