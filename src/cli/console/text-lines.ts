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
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() as string;
    onLong?.(rest.length);
    if (lines.length > 0) yield lines;
  }
  if (keepsLast && rest !== '') yield [rest];
}
