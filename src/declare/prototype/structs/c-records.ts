/**
 * Reads the bodies of structs and unions: `{ double x, y; const char *name; }`.
 *
 * A body that cannot be laid out, such as one with bit-fields, is a problem only where its struct is used: headers have many,
 * and a pointer to what is not defined needs none.
 */
import type { Cursor, ShapingAttribute } from '../c-cursor.js';
import { PrototypeProblem, type Token } from '../c-tokens.js';
import type { CType } from '../c-types.js';

/** Alignments. */
const BYTES = [1, 2, 4, 8, 16] as const;
type Bytes = (typeof BYTES)[number];

export interface CField {
  readonly name: string;
  readonly type: CType;
  /** Where it stands. */
  readonly token: Token;
}

/** A struct or union as its definition has it. */
export interface CRecord {
  readonly kind: 'struct' | 'union';
  readonly fields: readonly CField[];
  /** The greatest alignment of a field, and the least one of the whole, in bytes. */
  readonly pack: Bytes;
  readonly align: Bytes;
  /** The opening brace. */
  readonly token: Token;
}

/** Definitions by their keys; what is wrong with one that cannot be laid out. */
export type Records = ReadonlyMap<string, CRecord | PrototypeProblem>;

interface Qualified {
  readonly type: CType;
  readonly constant: boolean;
}

/** What of the grammar fields are made of. */
export interface FieldGrammar {
  base(): Qualified;
  declarator(base: Qualified): { readonly name: string; readonly type: CType };
  /** Bounds how deeply bodies stand in bodies. */
  nested<T>(read: () => T): T;
}

export class RecordReader {
  readonly #cursor: Cursor;
  readonly #grammar: FieldGrammar;
  readonly #records = new Map<string, CRecord | PrototypeProblem>();
  /** Where the bodies of the records begin: a text may be read twice. */
  readonly #places = new Map<string, number>();
  /** What `#pragma pack` has said, the last one at the end. */
  readonly #packs: Bytes[] = [16];

  constructor(cursor: Cursor, grammar: FieldGrammar) {
    this.#cursor = cursor;
    this.#grammar = grammar;
  }

  get records(): Records {
    return this.#records;
  }

  /** Takes `#pragma pack(push, 1)`, `pack(1)`, `pack()` or `pack(pop)`. */
  pragma(): void {
    const { token } = this.#cursor;
    const [, push, number, pop] = /\(\s*(?:(push)\s*,?\s*)?(\d*)(pop)?\s*\)/.exec(token.text) ?? [];
    const bytes = BYTES.find((one) => String(one) === number) ?? (number === '' ? 16 : undefined);
    if (bytes === undefined || (push === undefined && pop === undefined && number === undefined)) {
      throw new PrototypeProblem('Write pack(push, n), pack(n) or pack(pop), with 1, 2, 4, 8 or 16.', token);
    }
    this.#cursor.at++;
    if (pop === undefined) {
      if (push === undefined) this.#packs.pop();
      this.#packs.push(push !== undefined && number === '' ? this.#pack : bytes);
    } else if (this.#packs.length > 1) this.#packs.pop();
  }

  get #pack(): Bytes {
    return this.#packs.at(-1) ?? 16;
  }

  /** Reads a body, from its brace on, and the attributes behind it. */
  read(kind: CRecord['kind'], key: string): void {
    const cursor = this.#cursor;
    const { at, token } = cursor;
    const shaping = [...cursor.takeShaping()];
    if (this.#places.has(key) && this.#places.get(key) !== at) {
      throw cursor.problem(`The ${kind} ${key} is defined twice.`);
    }
    this.#places.set(key, at);
    try {
      const fields = this.#grammar.nested(() => this.#fields(kind));
      cursor.skipAttributes();
      shaping.push(...cursor.takeShaping());
      if (fields.length === 0)
        throw new PrototypeProblem(`This ${kind} has no fields. Write its fields.`, token);
      this.#records.set(key, { kind, fields, token, ...shapeOf(shaping, this.#pack) });
    } catch (error) {
      if (!(error instanceof PrototypeProblem)) throw error;
      this.#records.set(key, error);
      cursor.at = at;
      cursor.skip('{', '}');
      cursor.skipAttributes();
      cursor.takeShaping();
    }
  }

  /** @throws PrototypeProblem for an attribute of a typedef, which moves what is defined elsewhere. */
  refuseShaping(type: CType): void {
    const [attribute] = this.#cursor.takeShaping();
    if (attribute !== undefined && type.kind === 'record') throw misplaced(attribute);
  }

  #fields(kind: string): CField[] {
    const cursor = this.#cursor;
    const fields: CField[] = [];
    cursor.at++;
    while (!cursor.take('}')) {
      if (cursor.take(';')) continue;
      const start = cursor.token;
      const base = this.#grammar.base();
      if (cursor.text === ';' && base.type.kind === 'record') {
        throw new PrototypeProblem(
          `This ${base.type.name.split(' ')[0]} has no name in the ${kind} around it. Give it one, as in 'union { … } u;', which does not move any field.`,
          start,
        );
      }
      do {
        const { name, type } = this.#grammar.declarator(base);
        cursor.skipAttributes();
        const [shaping] = cursor.takeShaping();
        if (shaping !== undefined) throw misplaced(shaping);
        if (cursor.text === ':') throw cursor.problem(bitFieldAdvice(kind));
        if (name === '') throw new PrototypeProblem('This field has no name.', cursor.token);
        if (fields.some((field) => field.name === name))
          throw new PrototypeProblem(`The ${kind} has two fields with the name '${name}'.`, start);
        fields.push({ name, type, token: start });
      } while (cursor.take(','));
      cursor.expect(';', 'A field ends with a semicolon.');
    }
    return fields;
  }
}

function bitFieldAdvice(kind: string): string {
  return `Bit-fields have no addresses, and their places depend on the compiler. Write one integer for those that share it, as in 'uint32_t flags;', and take its bits apart in the program; or leave the body of the ${kind} out, where only its address is passed.`;
}

function misplaced({ token, name }: ShapingAttribute): PrototypeProblem {
  return new PrototypeProblem(
    `The attribute ${name} moves fields, and is known behind the brace of a whole struct only: 'struct x { … } __attribute__((packed));'. For another layout, declare the struct with struct() in a program.`,
    token,
  );
}

/** What attributes of a whole struct say. */
function shapeOf(shaping: readonly ShapingAttribute[], packs: Bytes): Pick<CRecord, 'pack' | 'align'> {
  let pack = packs;
  let align: Bytes = 1;
  for (const { name, value, token } of shaping) {
    const bytes = BYTES.find((one) => String(one) === value);
    if (name === 'packed') pack = 1;
    else if (name === 'aligned' && bytes !== undefined) align = bytes;
    else if (name !== 'gcc_struct') {
      throw new PrototypeProblem(
        `The attribute ${name}${value === undefined ? '' : `(${value})`} is not known here. Known: packed, and aligned(n) with 1, 2, 4, 8 or 16.`,
        token,
      );
    }
  }
  return { pack, align };
}
