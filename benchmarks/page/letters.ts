/**
 * How wide a text will be. Which font draws it is the reader's matter: these
 * are the widths of Arial, widened for those that are wider.
 */
const ROOM = 1.14;
/** How much wider bold letters are. */
const BOLD = 1.08;

/** Widths in thousandths of the font's size. */
const WIDTHS: readonly (readonly [letters: RegExp, width: number])[] = [
  [/[ijl|'!]/, 225],
  [/[ftI.,:;/ ]/, 280],
  [/[r()[\]-]/, 335],
  [/[ckszvxy*·"]/, 500],
  [/[mMW%@…]/, 890],
  [/[wA-HJ-LN-VX-Z&]/, 725],
  [/[+<>=×→≤≥~]/, 600],
];

function letterWidth(letter: string): number {
  return WIDTHS.find(([letters]) => letters.test(letter))?.[1] ?? 560;
}

/** In units of the drawing. */
export function textWidth(text: string, size: number, bold = false): number {
  const thousandths = text.split('').reduce((sum, letter) => sum + letterWidth(letter), 0);
  return (thousandths / 1_000) * size * ROOM * (bold ? BOLD : 1);
}

/** Broken between words into lines no wider than that, as far as its words allow. */
export function wrapped(text: string, size: number, width: number, bold = false): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    const longer = `${last} ${word}`;
    if (last !== undefined && textWidth(longer, size, bold) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
