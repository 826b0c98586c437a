/** The layouts of structs, unions and arrays: the rules of C on 64-bit Linux and macOS. */
import { Math } from '../../builtins.js';
import { type Layout, layoutOf } from './layout-of.js';
import { SCALAR_LIST } from '../language/names.js';
import { SCALARS } from '../language/scalars.js';
import { show } from '../values/show.js';
import type { FieldSpec, LayoutSpec, StructLayout } from '../spec.js';
import { isScalar, lookUp } from '../compile/look-up.js';
import type { Place } from '../compile/problem.js';

/** The types of fields, for messages. */
const FIELD_LIST = `${SCALAR_LIST}, struct({...}), union({...}), array(type, length)`;
const ALIGNMENTS: readonly unknown[] = [1, 2, 4, 8, 16];
/** Bytes of the largest type. */
const LARGEST = 2 ** 30;
const NAME = /^[A-Za-z_$][\w$]*$/;

/** A struct or union: its layout, and its fields as they were read. */
export interface CompiledFields {
  readonly layout: StructLayout;
  readonly copy: Readonly<Record<string, unknown>>;
}

/**
 * @param fields - as the user wrote them: anything.
 * @param options - the same; undefined for none.
 */
export function fieldsLayout(
  place: Place,
  kind: StructLayout['kind'],
  fields: unknown,
  options: unknown,
): CompiledFields {
  const copy = place.object(
    fields,
    'the value passed',
    null,
    "an object of fields, as in { tv_sec: 'i64', tv_usec: 'i64' }",
  );
  if (copy.size === 0) throw place.problem('there are no fields. C has no empty types: write at least one.');
  const { pack, align } = readOptions(place, options);
  const specs: FieldSpec[] = [];
  let end = 0;
  let size = 0;
  let alignment = align;
  for (const [name, type] of copy) {
    if (!NAME.test(name) || name === '__proto__') {
      throw place.problem(`the field ${show(name)} has no valid name. Use the name that C has for it.`);
    }
    const layout = fieldLayout(place, `the field ${name}`, type);
    const own = Math.min(layout.alignment, pack);
    const offset = kind === 'union' ? 0 : roundUp(end, own);
    specs.push({ name, offset, layout });
    end = offset + layout.size;
    size = Math.max(size, end);
    alignment = Math.max(alignment, own);
  }
  size = checkSize(place, roundUp(size, alignment));
  const natural = pack === 16 && align === 1 && specs.every(({ layout }) => isNatural(layout));
  return {
    layout: { kind, fields: specs, size, alignment, natural },
    copy: Object.freeze(Object.fromEntries(copy)),
  };
}

/** @param length - as the user wrote it: anything. */
export function arrayLayout(place: Place, type: unknown, length: unknown): LayoutSpec {
  if (!Number.isInteger(length) || (length as number) < 1) {
    throw place.problem(
      `the length is ${show(length)}. Expected the number of elements, at least 1; for an array at the end of a struct that has no length in C, read and write its bytes apart.`,
    );
  }
  const count = length as number;
  if (type === 'char') return { kind: 'text', size: checkSize(place, count), alignment: 1 };
  const of = fieldLayout(place, 'the type of the elements', type);
  const size = checkSize(place, of.size * count);
  if (of.kind === 'scalar' && of.type === 'u8') return { kind: 'bytes', size, alignment: 1 };
  return { kind: 'array', of, length: count, size, alignment: of.alignment };
}

/** The layout of an element of an array without a length. */
export function openElement(place: Place, type: unknown): LayoutSpec {
  const of = fieldLayout(place, 'the type of the elements', type);
  if (type === 'char' || (of.kind === 'scalar' && of.type === 'u8')) {
    throw place.problem(
      `an array of '${String(type)}' without a length is ${type === 'char' ? "text or bytes: write 'cstring' or 'buffer'" : "bytes: write 'buffer'"} for the parameter, or inout('buffer').`,
    );
  }
  return of;
}

function fieldLayout(place: Place, label: string, type: unknown): LayoutSpec {
  const made = layoutOf(type);
  if (made !== undefined) return closed(place, label, made);
  if (typeof type !== 'string') {
    throw place.problem(`${label} is ${show(type)}. Allowed: ${FIELD_LIST}.`);
  }
  const meaning = lookUp(place, label, type, { role: 'field', allowed: FIELD_LIST });
  if (isScalar(meaning)) {
    const { size } = SCALARS[meaning];
    return { kind: 'scalar', type: meaning, size, alignment: size };
  }
  throw place.problem(
    `${label} is '${meaning}', which is not valid here.${adviceOn(meaning)} Allowed: ${FIELD_LIST}.`,
  );
}

function closed(place: Place, label: string, { layout, open }: Layout): LayoutSpec {
  if (!open) return layout;
  throw place.problem(`${label} is an array without a length. Write its length: array(type, length).`);
}

function adviceOn(meaning: string): string {
  if (meaning === 'cstring') {
    return " Write 'pointer' for the address of a string, or array('char', length) for a string in the struct itself.";
  }
  return meaning === 'buffer'
    ? " Write 'pointer' for the address of bytes, or array('u8', length) for bytes in the struct itself."
    : '';
}

function readOptions(place: Place, options: unknown): { pack: number; align: number } {
  if (options === undefined) return { pack: 16, align: 1 };
  const copy = place.object(options, 'the options', ['pack', 'align'], 'an object, as in { pack: 1 }');
  const read = (key: string, otherwise: number): number => {
    const value = copy.get(key);
    if (value === undefined) return otherwise;
    if (ALIGNMENTS.includes(value)) return value as number;
    throw place.problem(`${key} is ${show(value)}. Allowed: 1, 2, 4, 8, 16.`);
  };
  return { pack: read('pack', 16), align: read('align', 1) };
}

/** Whether the platform's own rules laid out the type and all that is in it. */
function isNatural(layout: LayoutSpec): boolean {
  if (layout.kind === 'array') return isNatural(layout.of);
  return layout.kind === 'struct' || layout.kind === 'union' ? layout.natural : true;
}

function checkSize(place: Place, size: number): number {
  if (size <= LARGEST) return size;
  throw place.problem(
    `the type takes ${size.toLocaleString('en')} bytes. The limit is ${LARGEST.toLocaleString('en')}.`,
  );
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
