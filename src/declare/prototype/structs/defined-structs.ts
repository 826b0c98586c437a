/** Structs and unions that a prototype defines itself, as types of the declaration language. Made where they are used. */
import { DeclarationError } from '../../../errors.js';
import { array, struct, union } from '../../language/structs.js';
import type { FieldType, SizedType } from '../../language/struct-types.js';
import { scalarWord } from '../c-scalar-words.js';
import { PrototypeProblem, type Token } from '../c-tokens.js';
import type { CType, Extent } from '../c-types.js';
import type { CRecord, Records } from './c-records.js';

export class DefinedStructs {
  readonly #records: Records;
  readonly #made = new Map<string, SizedType>();
  /** Those whose fields are being made. */
  readonly #open = new Set<string>();

  constructor(records: Records) {
    this.#records = records;
  }

  /** The type that is defined for a type of C; undefined if there is none. @throws PrototypeProblem if it cannot be laid out. */
  get(type: CType): SizedType | undefined {
    if (type.kind !== 'record') return undefined;
    const { key, name } = type;
    const record = this.#records.get(key);
    if (record === undefined) return undefined;
    if (record instanceof PrototypeProblem) throw record;
    let made = this.#made.get(key);
    if (made === undefined) {
      if (this.#open.has(key)) throw new PrototypeProblem(`The ${name} has itself as a field.`, record.token);
      this.#open.add(key);
      made = this.#make(record);
      this.#open.delete(key);
      this.#made.set(key, made);
    }
    return made;
  }

  #make({ kind, fields, pack, align, token }: CRecord): SizedType {
    const types = fields.map(({ name, type, token: at }) => [name, this.#field(type, at)] as const);
    const make = kind === 'union' ? union : struct;
    return placed(token, () => make(Object.fromEntries(types), { pack, align }));
  }

  #field(type: CType, token: Token): FieldType {
    if (type.kind === 'pointer') return 'pointer';
    if (type.kind === 'array') {
      const of = this.#field(type.of, token);
      return placed(token, () => array(of, lengthOf(type.length)));
    }
    return this.get(type) ?? scalarWord(type, token.at, 'is a field here');
  }
}

/** The number of elements of an array. @throws PrototypeProblem */
function lengthOf({ text, at }: Extent): number {
  if (/^(?:0x[\da-f]+|0b[01]+|[1-9]\d*)u?l*$/i.test(text)) return Number(text.replace(/u?l*$/i, ''));
  throw new PrototypeProblem(
    text === ''
      ? "An array without a length, at the end of a struct, has as many elements as there is memory. Leave it out, and read and write what is behind the struct as bytes, with 'unsigned char *' as the parameter."
      : `The length of the array is ${text}. Write it as a number.`,
    { text: '[', at },
  );
}

/** Makes a type; what is wrong with it is shown in the prototype. */
function placed<T>(token: Token, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof DeclarationError)) throw error;
    throw new PrototypeProblem(error.message.replace(/^Declaration of [^:]*: /, ''), token);
  }
}
