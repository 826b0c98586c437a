/**
 * Structs, unions and arrays made at random from a seed: in C, as declarations, and with values. Each scalar in them is
 * changed by C in a way that JavaScript knows: what is laid out in another way, or converted wrongly, shows.
 */
import {
  array,
  struct,
  type FieldType,
  type Fields,
  type SizedType,
  type Struct,
  type StructOptions,
  union,
} from 'offthread';

/** A type in both languages. */
export interface Generated {
  /** How C names it in front of a declarator, and behind it. */
  readonly c: { readonly before: string; readonly behind: string };
  readonly type: FieldType;
  /** A random value. */
  value(): unknown;
  /** The value after C has changed it. */
  changed(value: unknown): unknown;
  /** The C statements that change what is at an expression. */
  change(at: string): string;
  /** Whether it may be passed by value, within a struct. */
  readonly natural: boolean;
}

/** A struct or union at the top. */
export interface GeneratedStruct extends Generated {
  readonly name: string;
  readonly fields: readonly string[];
  readonly type: SizedType & Struct;
}

const SCALARS = [
  ['i8', 'int8_t'],
  ['u8', 'uint8_t'],
  ['char', 'char'],
  ['i16', 'short'],
  ['u16', 'unsigned short'],
  ['i32', 'int'],
  ['u32', 'unsigned'],
  ['i64', 'long'],
  ['u64', 'unsigned long long'],
  ['f32', 'float'],
  ['f64', 'double'],
  ['bool', 'bool'],
  ['pointer', 'void *'],
] as const;

export class Generator {
  /** The definitions of all types so far, in C. */
  readonly definitions: string[] = [];
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to `below`, without it. */
  below(below: number): number {
    // mulberry32
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  }

  struct(depth = 3, kind: 'struct' | 'union' = 'struct'): GeneratedStruct {
    const members = Array.from({ length: 1 + this.below(6) }, () => this.#field(depth));
    const names = members.map((_, index) => `f${index}`);
    const options = this.#options();
    const name = `T${this.definitions.length}`;
    const { pack, align } = options;
    this.definitions.push(
      [
        pack === undefined ? '' : `#pragma pack(push, ${pack})\n`,
        `typedef ${kind} ${align === undefined ? '' : `__attribute__((aligned(${align})))`} {`,
        ...members.map(({ c }, index) => ` ${c.before} f${index}${c.behind};`),
        ` } ${name};`,
        pack === undefined ? '' : '\n#pragma pack(pop)',
      ].join(''),
    );
    const fields: Fields = Object.fromEntries(members.map(({ type }, index) => [`f${index}`, type]));
    const made = kind === 'struct' ? struct(fields, options) : union(fields, options);
    // Of a union, the first member alone is given and looked at.
    const used = kind === 'struct' ? members : members.slice(0, 1);
    const of = (value: unknown, index: number): unknown => (value as Record<string, unknown>)[`f${index}`];
    const each = (convert: (member: Generated, index: number) => unknown): unknown =>
      Object.fromEntries(used.map((member, index) => [`f${index}`, convert(member, index)]));
    return {
      name,
      fields: names,
      c: { before: name, behind: '' },
      type: made as SizedType & Struct,
      value: () => each((member) => member.value()),
      changed: (value) => each((member, index) => member.changed(of(value, index))),
      change: (at) => used.map((member, index) => member.change(`${at}.f${index}`)).join(' '),
      natural:
        kind === 'struct' && pack === undefined && align === undefined && members.every((m) => m.natural),
    };
  }

  #options(): StructOptions {
    const sizes = [1, 2, 4, 8, 16] as const;
    const size = sizes[this.below(sizes.length)] as (typeof sizes)[number];
    const which = this.below(8);
    return which === 0 ? { pack: size } : which === 1 ? { align: size } : {};
  }

  #field(depth: number): Generated {
    const which = this.below(10);
    if (depth === 0 || which < 5) return this.#scalar();
    if (which === 5) return this.#text();
    if (which < 8) return this.#array(depth - 1);
    return this.struct(depth - 1, which === 8 ? 'union' : 'struct');
  }

  #scalar(): Generated {
    const [type, c] = SCALARS[this.below(SCALARS.length)] as (typeof SCALARS)[number];
    const changed = CHANGED[type];
    return {
      c: { before: c, behind: '' },
      type,
      value: () => this.#number(type),
      changed,
      change: (at) =>
        type === 'bool'
          ? `${at} = !${at};`
          : type === 'pointer'
            ? `${at} = (char *)${at} + 1;`
            : `${at} = (${c})(${at} + 1);`,
      natural: true,
    };
  }

  /** A value to which C can add 1. */
  #number(type: (typeof SCALARS)[number][0]): unknown {
    switch (type) {
      case 'bool':
        return this.below(2) === 1;
      case 'f32':
        return this.below(2 ** 20) / 4;
      case 'f64':
        return (this.below(2 ** 31) - 2 ** 30) / 8;
      case 'i64':
        return (
          BigInt.asIntN(63, (BigInt(this.below(2 ** 31)) << 32n) + BigInt(this.below(2 ** 31))) - 2n ** 61n
        );
      case 'u64':
      case 'pointer':
        return (BigInt(this.below(2 ** 31)) << 33n) + BigInt(this.below(2 ** 31));
      case 'u32':
        return this.below(2 ** 31) + 2 ** 31 - 1;
      case 'i32':
        return this.below(2 ** 32 - 1) - 2 ** 31;
      case 'u16':
        return this.below(2 ** 16 - 1);
      case 'i16':
        return this.below(2 ** 16 - 1) - 2 ** 15;
      case 'u8':
        return this.below(2 ** 8 - 1);
      case 'i8':
        return this.below(2 ** 8 - 1) - 2 ** 7;
      default:
        return this.below(2 ** 7 - 1);
    }
  }

  #text(): Generated {
    const length = 1 + this.below(12);
    return {
      c: { before: 'char', behind: `[${length}]` },
      type: array('char', length),
      value: () => 'héllo, wörld'.slice(0, Math.floor(this.below(length) / 2)),
      changed: (text) => (length > 1 && text !== '' ? `!${(text as string).slice(1)}` : text),
      change: (at) => `if (${at}[0]) ${at}[0] = '!';`,
      natural: true,
    };
  }

  #array(depth: number): Generated {
    const length = 1 + this.below(4);
    const of = this.#field(depth);
    const isBytes = of.type === 'u8';
    const list = (values: unknown): unknown[] => Array.from(values as ArrayLike<unknown>);
    const made = (values: unknown[]): unknown => (isBytes ? Buffer.from(values as number[]) : values);
    // An array of `char` is text.
    if (of.type === 'char') return this.#text();
    return {
      c: { before: of.c.before, behind: `[${length}]${of.c.behind}` },
      type: array(of.type, length),
      value: () => made(Array.from({ length }, () => of.value())),
      changed: (values) => made(list(values).map((value) => of.changed(value))),
      change: (at) => {
        // A name of its own for each depth.
        const index = `i${at.length}`;
        return `for (int ${index} = 0; ${index} < ${length}; ${index}++) { ${of.change(`${at}[${index}]`)} }`;
      },
      natural: of.natural,
    };
  }
}

const plusOne = (value: unknown): unknown => (value as number) + 1;
const bigPlusOne = (value: unknown): unknown => (value as bigint) + 1n;
const CHANGED: Readonly<Record<(typeof SCALARS)[number][0], (value: unknown) => unknown>> = {
  i8: plusOne,
  u8: plusOne,
  char: plusOne,
  i16: plusOne,
  u16: plusOne,
  i32: plusOne,
  u32: plusOne,
  i64: bigPlusOne,
  u64: bigPlusOne,
  pointer: bigPlusOne,
  f32: plusOne,
  f64: plusOne,
  bool: (value) => value !== true,
};
