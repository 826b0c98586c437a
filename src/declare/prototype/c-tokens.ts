/** Cuts the text of a C prototype into tokens, each with its place. */

import { JSON, Math } from '../../builtins.js';

/** A word, a string in quotes, `#pragma pack(…)`, or a single character of punctuation. The text is empty behind the last token. */
export interface Token {
  readonly text: string;
  /** Index of its first character. */
  readonly at: number;
}

/** What cannot be read in a prototype, and where. Never leaves the room: it becomes a DeclarationError. */
export class PrototypeProblem extends Error {
  /** Index into the text. */
  readonly at: number;
  /** Characters that are concerned, at least 1. */
  readonly length: number;

  constructor(message: string, { at, text }: Token) {
    super(message);
    this.at = at;
    this.length = Math.max(1, text.length);
  }
}

const SPACE = /(?:\s|\/\*[^]*?\*\/|\/\/[^\n]*)+/y;
/** The one directive that says something about layouts. */
const PACK = /#[ \t]*pragma[ \t]+pack[ \t]*\([^)\n]*\)/y;
const WORD = /[\w$]+|"(?:[^"\\\n]|\\.)*"/y;
/** A dot is in the arguments of macros, such as a version. */
const PUNCTUATION = '()[]{}*,;=.';
/** In the values of enums, the lengths of arrays and the widths of bit-fields, which are read or skipped as a whole. */
const OPERATORS = "+-<>|&!~?%^':";
/** Characters of a prototype, its typedefs included. */
const LONGEST = 65_536;
const ELLIPSIS = '...';

/** @throws PrototypeProblem for a character that no prototype has, and for a text that is far too long. */
export function tokensOf(source: string): readonly Token[] {
  if (source.length > LONGEST) {
    throw new PrototypeProblem(
      `The prototype has ${source.length.toLocaleString('en')} characters. The limit is ${LONGEST.toLocaleString('en')}.`,
      { text: '', at: 0 },
    );
  }
  const tokens: Token[] = [];
  const length = (pattern: RegExp, at: number): number => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0].length ?? 0;
  };
  let at = 0;
  /** Braces and brackets that are open. */
  let depth = 0;
  while (at < source.length) {
    const space = length(SPACE, at);
    const text =
      space > 0
        ? ''
        : source.startsWith(ELLIPSIS, at)
          ? ELLIPSIS
          : source.substr(at, length(WORD, at) || length(PACK, at) || 1);
    if (space === 0) {
      const token = { text, at };
      if (depth === 0 || !OPERATORS.includes(text)) checkToken(token);
      if (text === '{' || text === '[') depth += 1;
      else if (text === '}' || text === ']') depth -= 1;
      tokens.push(token);
    }
    at += space || text.length;
  }
  return tokens;
}

function checkToken(token: Token): void {
  const { text } = token;
  if (text === ELLIPSIS || PUNCTUATION.includes(text) || isWord(text) || text.length > 1) return;
  throw new PrototypeProblem(adviceOn(text), token);
}

/** Whether a token is a name, a keyword or a number. */
export function isWord(text: string): boolean {
  return /^[\w$]/.test(text);
}

function adviceOn(text: string): string {
  if (text === '#') return 'A prototype has no preprocessor lines, except #pragma pack. Remove the line.';
  if (text === '/') return 'A comment begins here and does not end.';
  if (text === '&') return 'A reference is C++. Declare a pointer, which is what is passed.';
  if (text === ':')
    return 'A name of C++ has no address that C can call. Export the function with extern "C".';
  return `The character ${JSON.stringify(text)} is not part of a C prototype.`;
}
