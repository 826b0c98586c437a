/** A place in the tokens of a prototype, and what is read at it. */
import { isWord, PrototypeProblem, type Token, tokensOf } from './c-tokens.js';

const ATTRIBUTES: ReadonlySet<string> = new Set(['__attribute__', '__attribute', '__declspec', '_Alignas']);
/** In front of the name that a function has in its library, in quotes. */
const LABELS: ReadonlySet<string> = new Set(['__asm__', '__asm', 'asm']);

/** Attributes that make another type of a type, or another way of passing arguments. */
const CHANGING = /^(?:__)?(?:vector_size|ext_vector_type|mode|ms_abi)(?:__)?$/;

/** Attributes that move the fields of a struct. */
const SHAPING = /^(?:__)?(?:packed|aligned|scalar_storage_order|ms_struct|gcc_struct)(?:__)?$/;

/** An attribute that moves the fields of a struct, with the number that it has in parentheses. */
export interface ShapingAttribute {
  readonly token: Token;
  readonly name: string;
  readonly value: string | undefined;
}

/** Whether a word is that of a macro, by convention. */
function isMacro(text: string): boolean {
  return /^[A-Z][A-Z\d_]*$/.test(text);
}

export class Cursor {
  /** Index of the token that is read next. */
  at = 0;
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  readonly #shaping: ShapingAttribute[] = [];

  /** @throws PrototypeProblem for a character that no prototype has. */
  constructor(source: string) {
    this.#tokens = tokensOf(source);
    this.#end = { text: '', at: source.length };
  }

  get token(): Token {
    return this.tokenAt(this.at);
  }

  get text(): string {
    return this.token.text;
  }

  /** An empty one behind the last. */
  tokenAt(index: number): Token {
    return this.#tokens[index] ?? this.#end;
  }

  /** The text of the token so many places ahead. */
  peek(ahead: number): string {
    return this.tokenAt(this.at + ahead).text;
  }

  /** The tokens of a range, with blanks between them. */
  textBetween(from: number, to: number): string {
    return this.#tokens
      .slice(from, to)
      .map(({ text }) => text)
      .join(' ');
  }

  /** Takes the token if it is that text. */
  take(text: string): boolean {
    if (this.text !== text) return false;
    this.at++;
    return true;
  }

  expect(text: string, why: string): void {
    if (!this.take(text)) throw this.problem(`${why} '${text}' is missing before this.`);
  }

  /** A problem at this token. */
  problem(what: string): PrototypeProblem {
    return new PrototypeProblem(what, this.token);
  }

  /** Whether `__attribute__((…))` and the like begin here. */
  get isAttribute(): boolean {
    return ATTRIBUTES.has(this.text);
  }

  /** The attributes since the last time that move the fields of a struct. */
  takeShaping(): readonly ShapingAttribute[] {
    return this.#shaping.splice(0);
  }

  skipAttributes(): void {
    while (this.isAttribute) {
      const { token: word } = this;
      this.at++;
      if (this.text !== '(') continue;
      const start = this.at;
      this.skip('(', ')');
      if (word.text === '_Alignas')
        this.#shaping.push({ token: word, name: 'aligned', value: this.tokenAt(start + 1).text });
      for (let index = start; index < this.at; index++) {
        const token = this.tokenAt(index);
        if (SHAPING.test(token.text)) {
          const value = this.tokenAt(index + 1).text === '(' ? this.tokenAt(index + 2).text : undefined;
          this.#shaping.push({ token, name: token.text.replaceAll('__', ''), value });
        }
        if (!CHANGING.test(token.text)) continue;
        throw new PrototypeProblem(
          `The attribute ${token.text} changes the type or the way it is passed. Write the type that is meant, or a small C function without the attribute.`,
          token,
        );
      }
    }
  }

  /**
   * Skips a macro with arguments in front of a type or a name, as in `DEPRECATED(7.55, "use g") int f(void)`: its name is in
   * capitals, and a word follows.
   * @returns false if there is none here.
   */
  skipMacro(): boolean {
    const { at, text } = this;
    if (!isMacro(text) || this.peek(1) !== '(') return false;
    this.at++;
    this.skip('(', ')');
    if (isWord(this.text) && !this.isLabel && !this.isAttribute) return true;
    this.at = at;
    return false;
  }

  /** Skips macros behind the parameters of a function, such as `__THROW __nonnull ((1))`. */
  skipTrailingMacros(): void {
    while (!this.isLabel && (/^__\w+$/.test(this.text) || isMacro(this.text))) {
      if (this.isAttribute) {
        this.skipAttributes();
        continue;
      }
      this.at++;
      if (this.text === '(') this.skip('(', ')');
    }
  }

  /** Whether `__asm__("name")` begins here. */
  get isLabel(): boolean {
    return LABELS.has(this.text);
  }

  /** Takes `__asm__("name")`. @returns the name, of one string or several. */
  label(): string {
    const start = this.token;
    this.at++;
    const strings: string[] = [];
    if (this.take('('))
      while (this.text.startsWith('"')) strings.push(this.tokenAt(this.at++).text.slice(1, -1));
    if (strings.length === 0 || !this.take(')')) {
      throw new PrototypeProblem(
        `${start.text} is followed by the name that the function has in its library, as in ${start.text}("name").`,
        start,
      );
    }
    return strings.join('');
  }

  /** @throws PrototypeProblem if a label begins here. */
  refuseLabel(): void {
    if (this.isLabel) {
      throw this.problem(
        `${this.text} names a function of the library. It belongs behind the parameters of the function.`,
      );
    }
  }

  /** From an opening to the token behind its closing. */
  skip(open: string, close: string): void {
    const start = this.token;
    let depth = 0;
    do {
      const { text } = this;
      if (text === '') throw new PrototypeProblem(`This '${open}' has no '${close}'.`, start);
      if (text === open) depth++;
      if (text === close) depth--;
      this.at++;
    } while (depth > 0);
  }
}
