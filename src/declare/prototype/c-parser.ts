/**
 * Reads a C prototype: typedefs and definitions of structs, unions and enums, if any, and then one function.
 *
 * The grammar is that of C declarations, without bodies and values. Words that no type, keyword or name can be where
 * they stand are taken for macros (`ZEXTERN int ZEXPORT inflate(...)`) and left out: before a type, and between a type
 * and a name. `infer-prototype.ts` reads the same language for TypeScript; a test holds both against each other.
 */
import { Cursor } from './c-cursor.js';
import { basicType, COMPLEX, KEYWORDS, SIGNED } from './c-keywords.js';
import { isWord, PrototypeProblem, type Token } from './c-tokens.js';
import { type CType, type FunctionType, IGNORED_WORDS, type Parameter, STANDARD_TYPES } from './c-types.js';
import { RecordReader, type Records } from './structs/c-records.js';

/** A function as its prototype has it. */
export interface CFunction {
  /** Empty where the prototype leaves it out. */
  readonly name: string;
  /** The name that it has in its library, where the prototype tells that apart: `__asm__("name")`. */
  readonly label: string | undefined;
  readonly type: FunctionType;
  /** The structs and unions that are defined in front of it, or in it. */
  readonly records: Records;
}

/** A type, and whether what it declares is const. */
interface Qualified {
  readonly type: CType;
  readonly constant: boolean;
}

interface Declarator extends Qualified {
  readonly name: string;
}

const CONST: ReadonlySet<string> = new Set(['const', '__const', '__const__']);
const RECORDS: ReadonlySet<string> = new Set(['struct', 'union', 'class']);
/** Declarators in declarators, far more than any header has; the bound keeps hostile texts off the stack. */
const MAX_DEPTH = 32;

/**
 * @param source - for example `int32_t add(int32_t a, int32_t b)`.
 * @throws PrototypeProblem when it cannot be read.
 */
export function parsePrototype(source: string): CFunction {
  return new Parser(source).run();
}

class Parser {
  readonly #cursor: Cursor;
  readonly #typedefs = new Map<string, Qualified>();
  readonly #records: RecordReader;
  #depth = 0;

  constructor(source: string) {
    this.#cursor = new Cursor(source);
    this.#records = new RecordReader(this.#cursor, {
      base: () => this.#specifiers(false),
      declarator: ({ type, constant }) => this.#declarator(type, constant),
      nested: (read) => {
        const depth = this.#depth;
        try {
          this.#deeper();
          return read();
        } finally {
          this.#depth = depth;
        }
      },
    });
  }

  run(): CFunction {
    for (;;) {
      const { text } = this.#cursor;
      if (text === 'typedef') this.#typedef();
      else if (text.startsWith('#')) this.#records.pragma();
      else if (!this.#definition()) break;
    }
    const start = this.#cursor.token;
    if (start.text === '')
      throw new PrototypeProblem("Write a prototype, as in 'int32_t add(int32_t a, int32_t b)'.", start);
    const base = this.#specifiers(true);
    const { name, type } = this.#declarator(base.type, base.constant);
    this.#cursor.skipAttributes();
    if (type.kind === 'function') this.#cursor.skipTrailingMacros();
    const label = this.#cursor.isLabel ? this.#cursor.label() : undefined;
    this.#cursor.skipAttributes();
    if (type.kind === 'function') this.#cursor.skipTrailingMacros();
    if (this.#cursor.text === '{')
      throw this.#cursor.problem("The body of the function begins here. End the prototype with ';'.");
    if (this.#cursor.text === '=')
      throw this.#cursor.problem('This is a variable with a value. Write the prototype of a function.');
    if (this.#cursor.text === ';') this.#cursor.at++;
    if (this.#cursor.text !== '')
      throw this.#cursor.problem('The prototype ends before this. Write one function.');
    if (type.kind !== 'function') {
      throw new PrototypeProblem(
        "This declares no function. Write its parameters in parentheses, as in 'int f(void)'.",
        start,
      );
    }
    return { name, label, type, records: this.#records.records };
  }

  /** Takes `struct x { … };`, `enum x { … };` and `struct x;`. @returns false if there is none here. */
  #definition(): boolean {
    const { at, text } = this.#cursor;
    if (!RECORDS.has(text) && text !== 'enum') return false;
    this.#tagged();
    if (this.#cursor.take(';')) return true;
    // What a function returns.
    this.#cursor.at = at;
    return false;
  }

  #typedef(): void {
    this.#cursor.at++;
    const start = this.#cursor.token;
    const base = this.#specifiers(false);
    this.#cursor.takeShaping();
    const { name, type, constant } = this.#declarator(base.type, base.constant);
    this.#cursor.skipAttributes();
    this.#records.refuseShaping(type);
    if (name === '') throw new PrototypeProblem('This typedef has no name.', start);
    // A struct without a tag is known by the name of its typedef.
    const isNameless = type.kind === 'record' && !type.name.includes(' ');
    const named: CType = isNameless ? { ...type, name: `${type.name} ${name}` } : type;
    this.#typedefs.set(name, { type: named, constant });
    this.#cursor.expect(';', 'A typedef ends with a semicolon.');
  }

  /** The type in front of a declarator. Leaves the name, if there is one, to the declarator. */
  #specifiers(ofFunction: boolean): Qualified {
    const start = this.#cursor.token;
    const keywords: string[] = [];
    let record: CType | undefined;
    let constant = false;
    /** The macro `complex`, which makes another type of a `double`. */
    let complex: string | undefined;
    /** Where the words stand that are no keywords: macros, the type, and perhaps the name. */
    let words: number[] = [];
    for (;;) {
      const { text } = this.#cursor.token;
      if (CONST.has(text)) constant = true;
      else if (KEYWORDS.has(text)) {
        keywords.push(SIGNED.has(text) ? 'signed' : text);
        words = [];
      } else if (RECORDS.has(text) || text === 'enum') {
        record = this.#tagged();
        words = [];
        continue;
      } else if (this.#cursor.isAttribute) {
        this.#cursor.skipAttributes();
        continue;
      } else if (IGNORED_WORDS.has(text)) {
        // Says nothing about the call.
      } else if (isWord(text)) {
        this.#cursor.refuseLabel();
        if (this.#cursor.skipMacro()) continue;
        if (COMPLEX.has(text)) complex = text;
        words.push(this.#cursor.at);
      } else break;
      this.#cursor.at++;
    }
    if (complex !== undefined && (keywords.includes('double') || keywords.includes('float'))) {
      keywords.push(complex);
    }
    if (keywords.length > 0 || record !== undefined) {
      // In front of a `*`, the words are macros.
      if (this.#cursor.text !== '*') this.#cursor.at = words.at(-1) ?? this.#cursor.at;
      return { type: record ?? basicType(keywords, start), constant };
    }
    if (this.#cursor.text.startsWith('"')) {
      throw this.#cursor.problem('Write the prototype without extern "C".');
    }
    const typeAt = this.#typeAmong(words);
    if (typeAt === undefined) throw new PrototypeProblem('A type is missing here.', start);
    const token = this.#cursor.tokenAt(typeAt);
    if (ofFunction && words.length === 1 && this.#cursor.text === '(') {
      throw new PrototypeProblem(
        `The type that ${token.text} returns is missing. Write it in front, as in 'int ${token.text}(…)'; 'void' for nothing.`,
        token,
      );
    }
    if (typeAt !== words.at(-1)) this.#cursor.at = words.at(-1) as number;
    return {
      type: this.#named(token),
      constant: constant || this.#typedefs.get(token.text)?.constant === true,
    };
  }

  /** Which of the words in front of a declarator is the type. The last is the name, unless a `*` follows. */
  #typeAmong(words: readonly number[]): number | undefined {
    if (this.#cursor.text === '*' || words.length < 2) return words.at(-1);
    const candidates = words.slice(0, -1);
    const isKnown = (at: number): boolean => this.#named(this.#cursor.tokenAt(at)).kind !== 'unknown';
    return candidates.findLast(isKnown) ?? candidates.at(-1);
  }

  /** The type of a name. */
  #named({ text }: Token): CType {
    const own = this.#typedefs.get(text)?.type;
    if (own !== undefined) return own;
    const word = Object.hasOwn(STANDARD_TYPES, text)
      ? STANDARD_TYPES[text as keyof typeof STANDARD_TYPES]
      : undefined;
    return word === undefined ? { kind: 'unknown', name: text } : { kind: 'scalar', word };
  }

  /** `struct x`, `union x`, `enum x`, with or without what is in it. */
  #tagged(): CType {
    const { text: keyword } = this.#cursor.token;
    this.#cursor.at++;
    this.#cursor.takeShaping();
    this.#cursor.skipAttributes();
    const name = isWord(this.#cursor.text) ? this.#cursor.text : '';
    if (name !== '') this.#cursor.at++;
    const { text, at } = this.#cursor.token;
    if (text !== '{' && name === '') {
      throw this.#cursor.problem(`The name of the ${keyword} is missing here.`);
    }
    if (keyword === 'enum') {
      if (text === '{') this.#cursor.skip('{', '}');
      // The type of an enum is an int, unless a value needs more: then headers give it a typedef of its own.
      return { kind: 'scalar', word: 'i32' };
    }
    const key = name === '' ? `{${at}` : name;
    if (text === '{') this.#records.read(keyword === 'union' ? 'union' : 'struct', key);
    return { kind: 'record', name: `${keyword} ${name}`.trim(), key };
  }

  #deeper(): void {
    if (++this.#depth > MAX_DEPTH) throw this.#cursor.problem('This is nested too deeply.');
  }

  #declarator(base: CType, baseConstant: boolean): Declarator {
    this.#deeper();
    let type = base;
    let constant = baseConstant;
    for (;;) {
      const { text } = this.#cursor.token;
      if (text === '*') {
        type = { kind: 'pointer', to: type, constant };
        constant = false;
      } else if (CONST.has(text)) constant = true;
      else if (this.#cursor.isAttribute) {
        this.#cursor.skipAttributes();
        continue;
      } else if (!IGNORED_WORDS.has(text)) break;
      this.#cursor.at++;
    }
    const direct = this.#direct(type, constant);
    this.#depth--;
    return direct;
  }

  /** A name, or a declarator in parentheses, and the parameters or lengths behind it. */
  #direct(type: CType, constant: boolean): Declarator {
    if (this.#cursor.text === '(' && this.#opensDeclarator()) {
      const inner = this.#cursor.at + 1;
      this.#cursor.skip('(', ')');
      const outer = this.#suffixes(type, constant);
      const end = this.#cursor.at;
      this.#cursor.at = inner;
      const declarator = this.#declarator(outer, false);
      this.#cursor.expect(')', 'The declaration in parentheses ends here.');
      this.#cursor.at = end;
      return declarator;
    }
    let name = '';
    const from = this.#cursor.at;
    // All but the last are macros.
    while (isWord(this.#cursor.text) && !this.#cursor.isLabel) {
      const token = this.#cursor.token;
      if (/^\d/.test(token.text) || KEYWORDS.has(token.text) || RECORDS.has(token.text)) {
        throw new PrototypeProblem(`'${token.text}' cannot stand here.`, token);
      }
      name = token.text;
      this.#cursor.at++;
      this.#cursor.skipAttributes();
    }
    if (this.#cursor.text === '(' && this.#cursor.peek(1) === '(' && this.#cursor.at > from) {
      return { ...this.#wrapped(type, constant), constant };
    }
    return { name, type: this.#suffixes(type, constant), constant };
  }

  /** A name and its parameters in a macro of old headers, as in `deflate OF((void *stream, int flush))`. */
  #wrapped(type: CType, constant: boolean): { name: string; type: CType } {
    const { text } = this.#cursor.tokenAt(this.#cursor.at - 2);
    this.#cursor.at++;
    const inner = this.#suffixes(type, constant);
    this.#cursor.expect(')', 'The macro around the parameters ends here.');
    return { name: isWord(text) && !KEYWORDS.has(text) ? text : '', type: inner };
  }

  /** Whether a parenthesis holds a declarator, as in `(*name)`, and not parameters. */
  #opensDeclarator(): boolean {
    const next = this.#cursor.peek(1);
    return (
      next === '*' ||
      next === '(' ||
      (isWord(next) && this.#cursor.peek(2) === ')' && this.#cursor.peek(3) === '(' && !KEYWORDS.has(next))
    );
  }

  #suffixes(type: CType, constant: boolean): CType {
    if (this.#cursor.text === '(') {
      const { parameters, variadic } = this.#parameters();
      this.#cursor.skipAttributes();
      return { kind: 'function', returns: this.#suffixes(type, false), parameters, variadic };
    }
    if (this.#cursor.text !== '[') return type;
    const from = this.#cursor.at + 1;
    const { at } = this.#cursor.token;
    this.#cursor.skip('[', ']');
    const text = this.#cursor.textBetween(from, this.#cursor.at - 1);
    return { kind: 'array', of: this.#suffixes(type, constant), constant, length: { text, at } };
  }

  #parameters(): { parameters: readonly Parameter[]; variadic: boolean } {
    const open = this.#cursor.token;
    this.#cursor.at++;
    const parameters: Parameter[] = [];
    if (this.#cursor.text === 'void' && this.#cursor.peek(1) === ')') this.#cursor.at++;
    if (this.#cursor.text === ')') {
      this.#cursor.at++;
      return { parameters, variadic: false };
    }
    for (;;) {
      const { text, at } = this.#cursor.token;
      if (text === '...') {
        this.#cursor.at++;
        this.#cursor.expect(')', 'No parameter follows these.');
        return { parameters, variadic: true };
      }
      const base = this.#specifiers(false);
      const { name, type } = this.#declarator(base.type, base.constant);
      this.#cursor.refuseLabel();
      if (type.kind === 'void')
        throw new PrototypeProblem(`A parameter cannot be void. Write 'void *' for an address.`, {
          text,
          at,
        });
      parameters.push({ name, type: adjusted(type), at });
      if (this.#cursor.text === ')') {
        this.#cursor.at++;
        return { parameters, variadic: false };
      }
      if (this.#cursor.text === '') throw new PrototypeProblem("This '(' has no ')'.", open);
      if (this.#cursor.text !== ',')
        throw new PrototypeProblem("',' or ')' is missing before this.", this.#cursor.token);
      this.#cursor.at++;
    }
  }
}

/** As C does: an array or a function is passed as its address. */
function adjusted(type: CType): CType {
  if (type.kind === 'array') {
    const { of: to, constant, length } = type;
    return { kind: 'pointer', to, constant, ...(length.text === '' && { many: true as const }) };
  }
  return type.kind === 'function' ? { kind: 'pointer', to: type, constant: false } : type;
}
