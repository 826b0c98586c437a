/** Text, line by line. */

/** How lines are taken from a text. */
export interface LineOptions {
  /** Whether a last line without a line feed counts; otherwise it is taken for one that was torn. */
  readonly keepsLast: boolean;
  /** Called with the length of a line that has not ended yet. */
  readonly onLong?: (characters: number) => void;
}

/** The lines of a text without their line feeds, as many at a time as are there. */
export async function* textLines(
  text: AsyncIterable<string>,
  { keepsLast, onLong }: LineOptions,
): AsyncGenerator<readonly string[], void> {
  let rest = '';
  for await (const chunk of text) {
    const lines = chunk.split('\n');
    // Only the new text is searched: a line of many chunks is not searched again with each of them.
    lines[0] = rest + (lines[0] as string);
    rest = lines.pop() as string;
    onLong?.(rest.length);
    if (lines.length > 0) yield lines;
  }
  if (keepsLast && rest !== '') yield [rest];
}
