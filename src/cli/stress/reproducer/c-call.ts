/**
 * A call of a function as C: the type of the function, the memory of its arguments, and the call itself. Everything that
 * the function answers, its value and whatever it fills or changes, ends up in a `struct outcome`, without padding that
 * is not zero, so that two outcomes are compared by `memcmp`.
 */
import { resolve } from 'node:path';
import type { FunctionDescription, ParameterDescription, Scalar } from 'offthread';
import { type GivenArguments, bytesOf, isAddress } from '../direct/argument-memory.js';
import { C_TYPE, bytesLiteral, scalarLiteral, textLiteral } from './c-literals.js';

/** Bytes of a text that an outcome keeps. */
const TEXT_BYTES = 256;

/** Of bytes and of a text, what is printed. */
const SHOWN_BYTES = 60;

/** Parameters that have a value in a C program. */
const KINDS: ReadonlySet<ParameterDescription['kind']> = new Set([
  'value',
  'cstring',
  'buffer',
  'out',
  'inout',
]);

/** What a program calls. */
export interface CalledFunction {
  readonly library: string;
  readonly description: FunctionDescription;
  /** Indices of parameters that answers are compared without; -1 is the returned value. */
  readonly ignored: ReadonlySet<number>;
}

function cType({ kind, type, changes }: ParameterDescription): string {
  switch (kind) {
    case 'value':
      return C_TYPE[type as Scalar];
    case 'cstring':
      return 'const char *';
    case 'buffer':
      return changes ? 'void *' : 'const void *';
    case 'out':
    case 'inout':
      return type === 'cstring' ? 'char **' : `${C_TYPE[type as Scalar]} *`;
    default:
      throw new Error(`a parameter of the kind '${kind}' has no value in a C program`);
  }
}

/** `typedef … (*Function)(…);` */
export function functionType({ description }: CalledFunction): string {
  const { parameters } = description;
  const returns = returnedType(description);
  const types = parameters.map(
    (parameter) => `${cType(parameter)}${parameter.name === '' ? '' : ` ${parameter.name}_`}`,
  );
  const result = returns === 'cstring' ? 'const char *' : returns === 'void' ? 'void' : C_TYPE[returns];
  return `typedef ${result} (*Function)(${types.length === 0 ? 'void' : types.join(', ')});`.replaceAll(
    '* ',
    '*',
  );
}

/** @throws Error for a struct: see {@link isCallable}. */
function returnedType({ returns }: FunctionDescription): Scalar | 'cstring' | 'void' {
  if (returns !== 'struct') return returns;
  throw new Error('a struct has no value in a C program');
}

/** Whether a C program can make calls of the function: it has no callbacks and no structs. */
export function isCallable({ parameters, returns }: FunctionDescription): boolean {
  return returns !== 'struct' && parameters.every(({ kind }) => KINDS.has(kind));
}

/** The given argument of each parameter; undefined for those that the caller does not pass. */
function byParameter({ parameters }: FunctionDescription, given: GivenArguments): unknown[] {
  let next = 0;
  return parameters.map((parameter) => (parameter.given ? given[next++] : undefined));
}

/** A field of `struct outcome`. */
interface OutcomeField {
  readonly name: string;
  /** Of the parameter; empty for the returned value, and for one without a name. */
  readonly label: string;
  readonly type: Scalar | 'cstring' | 'bytes';
  /** Of bytes and texts. */
  readonly length: number;
}

function outcomeFields(
  { description, ignored }: CalledFunction,
  calls: readonly GivenArguments[],
): OutcomeField[] {
  const fields: OutcomeField[] = [];
  const returns = returnedType(description);
  if (returns !== 'void' && !ignored.has(-1))
    fields.push({ name: 'value', label: '', type: returns, length: TEXT_BYTES });
  for (const [index, { changes, kind, type, name }] of description.parameters.entries()) {
    if (!changes || ignored.has(index)) continue;
    const field = { name: `p${index}`, label: name === '' ? String(index) : name };
    if (kind === 'buffer') {
      const lengths = calls.map((given) => {
        const value = byParameter(description, given)[index];
        return isAddress(kind, value) ? 0 : bytesOf(value).length;
      });
      fields.push({ ...field, type: 'bytes', length: Math.max(1, ...lengths) });
    } else fields.push({ ...field, type: type as Scalar | 'cstring', length: TEXT_BYTES });
  }
  return fields;
}

/** `struct outcome`, with room for the outcomes of all calls. */
export function outcomeType(called: CalledFunction, calls: readonly GivenArguments[]): string {
  const fields = outcomeFields(called, calls).map(({ name, type, length }) => {
    if (type === 'bytes') return `unsigned char ${name}[${length}];`;
    return type === 'cstring' ? `char ${name}[${length}];` : `${C_TYPE[type]} ${name};`;
  });
  if (fields.length === 0) fields.push('char nothing;');
  return `struct outcome {\n${fields.map((field) => `  ${field}\n`).join('')}};`.replaceAll('* ', '*');
}

const SHOW_BYTES = `static inline void show_bytes(const void *bytes, size_t length) {
  putchar('"');
  for (size_t i = 0; i < length && i < ${SHOWN_BYTES}; i++) {
    const unsigned char byte = ((const unsigned char *)bytes)[i];
    if (byte >= 32 && byte < 127 && byte != '"' && byte != '\\\\') putchar(byte);
    else printf("\\\\%03o", byte);
  }
  printf(length > ${SHOWN_BYTES} ? "...\\"" : "\\"");
}

`;

/** A C function that prints, on one line, what of an outcome is not as in another one. */
export function showOutcome(called: CalledFunction, calls: readonly GivenArguments[]): string {
  const fields = outcomeFields(called, calls).map(({ name, label, type, length }) => {
    const place = `outcome->${name}`;
    return `  if (memcmp(&${place}, &other->${name}, sizeof ${place}) != 0) {
    printf("%s${label === '' ? '' : `${label} = `}", shown++ > 0 ? ", " : "");
    ${showField(type, place, length)}
  }
`;
  });
  return `${SHOW_BYTES}static void show(const struct outcome *outcome, const struct outcome *other) {
  int shown = 0;
${fields.join('')}  (void)shown, (void)outcome, (void)other;
}`;
}

function showField(type: OutcomeField['type'], place: string, length: number): string {
  switch (type) {
    case 'bytes':
      return `show_bytes(${place}, ${length});`;
    case 'cstring':
      return `show_bytes(${place}, strlen(${place}));`;
    case 'pointer':
      return `printf("%p", ${place});`;
    case 'f32':
    case 'f64':
      return `printf("%.17g", (double)${place});`;
    case 'u64':
    case 'size':
      return `printf("%llu", (unsigned long long)${place});`;
    default:
      return `printf("%lld", (long long)${place});`;
  }
}

/** A C function that makes one call, and fills the outcome. */
export function callFunction(called: CalledFunction, name: string, given: GivenArguments): string {
  const { description, ignored } = called;
  const { parameters } = description;
  const returns = returnedType(description);
  const values = byParameter(description, given);
  const before: string[] = [];
  const after: string[] = [];
  const passed = parameters.map((parameter, index) => {
    const place = ignored.has(index) ? `p${index}` : `outcome->p${index}`;
    return passedArgument(parameter, values[index], { index, place, own: ignored.has(index), before, after });
  });
  const call = `function(${passed.join(', ')})`;
  let made = `${call};`;
  if (returns === 'cstring' && !ignored.has(-1)) made = `keep_text(outcome->value, ${call});`;
  else if (returns !== 'void' && !ignored.has(-1)) made = `outcome->value = ${call};`;
  const lines = ['memset(outcome, 0, sizeof *outcome);', ...before, made, ...after];
  return `static void ${name}(struct outcome *outcome) {\n${lines.map((line) => `  ${line}\n`).join('')}}`;
}

interface Place {
  readonly index: number;
  /** Where the outcome of a parameter is kept. */
  readonly place: string;
  /** The place is a variable of the C function. */
  readonly own: boolean;
  readonly before: string[];
  readonly after: string[];
}

function passedArgument(
  parameter: ParameterDescription,
  value: unknown,
  { index, place, own, before, after }: Place,
): string {
  const { kind, type, changes } = parameter;
  if (kind === 'value') return scalarLiteral(type as Scalar, value);
  if (isAddress(kind, value)) return scalarLiteral('pointer', value ?? 0n);
  if (kind === 'cstring') return textLiteral(value as string | null);
  if (kind === 'buffer') {
    const bytes = bytesOf(value);
    const blank = bytes.every((byte) => byte === 0);
    if (!changes) {
      // An array of its own, as long as the bytes are: a sanitizer sees what is read behind it.
      before.push(
        `static const unsigned char b${index}[${Math.max(1, bytes.length)}] = ${blank ? '{0}' : bytesLiteral(bytes)};`,
      );
      return `b${index}`;
    }
    if (own) before.push(`unsigned char p${index}[${Math.max(1, bytes.length)}] = {0};`);
    if (!blank) before.push(`memcpy(${place}, ${bytesLiteral(bytes)}, ${bytes.length});`);
    return place;
  }
  if (type === 'cstring') {
    before.push(`char *t${index} = NULL;`);
    if (!own) after.push(`keep_text(${place}, t${index});`);
    return `&t${index}`;
  }
  if (own) before.push(`${C_TYPE[type as Scalar]} p${index} = 0;`);
  if (kind === 'inout') before.push(`${place} = ${scalarLiteral(type as Scalar, value)};`);
  return `&${place}`;
}

/** Opens the library; `function` is its address. */
export function opening({ library, description }: CalledFunction): string {
  return `static Function function;

static void open_library(void) {
  void *const library = dlopen(${textLiteral(library.includes('/') ? resolve(library) : library)}, RTLD_NOW);
  if (library != NULL) function = (Function)dlsym(library, ${textLiteral(description.symbol)});
  if (function != NULL) return;
  fprintf(stderr, "%s\\n", dlerror());
  _exit(2);
}`;
}

/** A C function that keeps the beginning of a text. */
export const KEEP_TEXT: string = `static inline void keep_text(char *kept, const char *text) {
  if (text != NULL) snprintf(kept, ${TEXT_BYTES}, "%s", text);
}`;
