/** What a declaration says, for programs that get declarations from their users, as the command line does. */
import { parsePrototype } from '../prototype/c-parser.js';
import type { Declaration, PrototypeDeclaration } from '../language/types.js';
import type { WideDeclaration } from '../language/checked.js';
import type { LayoutSpec, MemorySpec, ParamSpec, ReturnSpec, Scalar } from '../spec.js';
import { compileDeclarations } from './compile.js';

/** What a parameter of kind `memory` consists of. */
export type MemoryDescription =
  | {
      /** A number, an address or a boolean. */
      readonly kind: 'scalar';
      /** Its type. */
      readonly type: Scalar;
    }
  | {
      /** An array of `char`, which is a string, or of `uint8_t`, which is bytes. */
      readonly kind: 'text' | 'bytes';
      /** Bytes that it takes. */
      readonly size: number;
    }
  | {
      /** An array of anything else. */
      readonly kind: 'array';
      /** What its elements are. */
      readonly of: MemoryDescription;
      /** The number of elements; undefined for as many as the caller gives. */
      readonly length: number | undefined;
    }
  | {
      /** A struct, or a union. */
      readonly kind: 'struct' | 'union';
      /** Its fields, in the order of the C definition. */
      readonly fields: readonly {
        /** As C names it. */
        readonly name: string;
        /** What it is. */
        readonly memory: MemoryDescription;
      }[];
    };

/** One parameter of a described function, in the order of its C prototype. */
export interface ParameterDescription {
  /** As the prototype names it; empty where it has no name, and in declarations that are no prototypes. */
  readonly name: string;
  /**
   * What the parameter is. `value`: a number or address; `cstring`: a string; `cstrings`: an array of strings; `buffer`: bytes;
   * `out`: a cell that native code fills; `inout`: a cell that it changes; `memory`: a struct, union or array, by value or by
   * pointer; `callback`: a function of the caller's; the others are filled in by
   * offthread.
   */
  readonly kind:
    | 'value'
    | 'cstring'
    | 'cstrings'
    | 'buffer'
    | 'out'
    | 'inout'
    | 'memory'
    | 'callback'
    | 'chunks'
    | 'special';
  /** The type of a value or of the content of a cell; undefined for the others. */
  readonly type: Scalar | 'cstring' | undefined;
  /** What a parameter of kind `memory` is; it is left out for the others. */
  readonly memory?: MemoryDescription;
  /** Whether null may be given, for NULL, where the parameter is of kind `memory`; it is left out for the others. */
  readonly nullable?: boolean;
  /** Whether the caller passes an argument for it. */
  readonly given: boolean;
  /** Whether native code may change what it points to: a cell, or bytes. */
  readonly changes: boolean;
}

/** A function as a declaration describes it. */
export interface FunctionDescription {
  /** The name in the library. */
  readonly symbol: string;
  /** All of them, in the order of the C prototype. */
  readonly parameters: readonly ParameterDescription[];
  /** The type of the returned value. */
  readonly returns: Scalar | 'cstring' | 'struct' | 'void';
}

/**
 * Reads one declaration, with the rules and errors of `pool.open`, and opens nothing.
 *
 * @param declaration - a C prototype, `{ prototype, … }` or `{ arguments, return, … }`.
 * @param name - the name of the function where the declaration has none; also used in messages. Default: `function`.
 * @throws DeclarationError when it cannot be read.
 */
export function describeFunction(
  declaration: string | PrototypeDeclaration | Declaration | WideDeclaration,
  name = 'function',
): FunctionDescription {
  const [compiled] = compileDeclarations('the library', { [name]: declaration });
  const { symbol, params, returns } = (compiled as NonNullable<typeof compiled>).spec;
  const names = namesOf(declaration);
  return {
    symbol,
    parameters: params.map((param, index) => parameterOf(param, names[index] ?? '')),
    returns: returnOf(returns),
  };
}

function namesOf(declaration: unknown): readonly string[] {
  const source =
    typeof declaration === 'object' && declaration !== null && 'prototype' in declaration
      ? declaration.prototype
      : declaration;
  return typeof source === 'string' ? parsePrototype(source).type.parameters.map(({ name }) => name) : [];
}

function parameterOf(param: ParamSpec, name: string): ParameterDescription {
  switch (param.kind) {
    case 'value':
      return { name, kind: 'value', type: param.type, given: true, changes: false };
    case 'cstring':
      return { name, kind: 'cstring', type: 'cstring', given: true, changes: false };
    case 'cstrings':
      return { name, kind: 'cstrings', type: undefined, given: true, changes: false };
    case 'buffer':
      return param.memory === undefined
        ? { name, kind: 'buffer', type: undefined, given: true, changes: param.inout }
        : pointerTo(name, param.memory);
    case 'struct':
      return {
        name,
        kind: 'memory',
        type: undefined,
        given: true,
        changes: false,
        memory: memoryOf(param.layout),
        nullable: false,
      };
    case 'out':
      return { name, kind: 'out', type: param.type, given: param.optional === true, changes: true };
    case 'outText':
      return { name, kind: 'out', type: 'cstring', given: param.optional === true, changes: true };
    case 'inout':
      return { name, kind: 'inout', type: param.type, given: true, changes: true };
    case 'callback':
      return { name, kind: 'callback', type: undefined, given: true, changes: false };
    case 'chunks':
      return { name, kind: 'chunks', type: undefined, given: false, changes: false };
    case 'cancelFlag':
    case 'cancelProbe':
    case 'progress':
      return { name, kind: 'special', type: undefined, given: false, changes: false };
  }
}

function pointerTo(name: string, { layout, mode, open, optional }: MemorySpec): ParameterDescription {
  const memory = memoryOf(layout);
  return {
    name,
    kind: 'memory',
    type: undefined,
    given: mode !== 'out' || optional === true,
    changes: mode !== 'in',
    memory: open ? { kind: 'array', of: memory, length: undefined } : memory,
    nullable: mode === 'in' || optional === true,
  };
}

function memoryOf(layout: LayoutSpec): MemoryDescription {
  switch (layout.kind) {
    case 'scalar':
      return { kind: 'scalar', type: layout.type };
    case 'array':
      return { kind: 'array', of: memoryOf(layout.of), length: layout.length };
    case 'text':
    case 'bytes':
      return { kind: layout.kind, size: layout.size };
    case 'struct':
    case 'union':
      return {
        kind: layout.kind,
        fields: layout.fields.map(({ name, layout: of }) => ({ name, memory: memoryOf(of) })),
      };
  }
}

function returnOf(returns: ReturnSpec): FunctionDescription['returns'] {
  if (returns.kind === 'value') return returns.type;
  if (returns.kind === 'struct') return 'struct';
  return returns.kind === 'text' ? 'cstring' : 'void';
}
