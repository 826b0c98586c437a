/** How wide a text will be, and where it is broken into lines. Which font draws it depends on the reader's system. */

/** Widths in thousandths of the font's size: those of Arial. */
const WIDTHS: readonly (readonly [letters: RegExp, width: number])[] = [
  [/[ijl|'!]/, 225],
  [/[ftI.,:;/ ]/, 280],
  [/[r()[\]-]/, 335],
  [/[ckszvxy*·"]/, 500],
  [/[mMW%@…]/, 890],
  [/[wA-HJ-LN-VX-Z&]/, 725],
  [/[+<>=×→≤≥~]/, 600],
];
const OTHER_LETTER = 560;
/** Room for fonts that are wider than Arial. */
const ROOM = 1.14;
const BOLD = 1.08;

function letterWidth(letter: string): number {
  return WIDTHS.find(([letters]) => letters.test(letter))?.[1] ?? OTHER_LETTER;
}

/** In pixels. @param font as in CSS: `600 13px Arial`. */
export function textWidth(text: string, font: string): number {
  const size = Number(/([\d.]+)px/.exec(font)?.[1] ?? 12);
  const thousandths = Array.from(text).reduce((sum, letter) => sum + letterWidth(letter), 0);
  return (thousandths / 1_000) * size * ROOM * (/\b(?:bold|[6-9]00)\b/.test(font) ? BOLD : 1);
}

/** Broken between words into lines no wider than that, as far as its words allow. */
export function wrapped(text: string, font: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidth(longer, font) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
