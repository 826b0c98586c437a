/**
 * The arguments of a function with pointers to structs, unions and arrays, or with structs by value: lanes see bytes.
 *
 *   the caller's      values; nothing for `out()`, unless it is optional
 *   what is passed on  bytes in place of each value, made when the call is made; also for `out()`, zeros; null for NULL
 *
 * The bytes belong to the call: native code's are copied back into them, and read before the call settles.
 */
import type { ArgumentError } from '../../errors.js';
import type { CompiledFunction } from '../compile/compile.js';
import { isAddress } from '../values/bytes.js';
import { argumentType } from '../values/caller-arguments.js';
import { explainCount, explainPart } from '../values/explain.js';
import type { MemorySpec, ParamSpec, ReturnSpec } from '../spec.js';
import { fromMemory, toMemory } from './convert-memory.js';
import { show } from '../values/show.js';
import type { MemoryMisfit } from './write-memory.js';
import { firstUnsafe, hasSizes, unsafeSizeOf } from './unsafe-sizes.js';

/** One argument that is passed on. */
interface Slot {
  /** What it is converted by; null for one that is passed on as it is. */
  readonly memory: MemorySpec | null;
  /** What may stand for a value: nothing; null; or null and an address. */
  readonly instead: 'nothing' | 'null' | 'address';
  /** Which argument of the caller's it is: those behind an `out()` are not where they are passed on. */
  readonly given: number;
}

/** A value that comes back. */
interface Back {
  /** Which argument that is passed on has its bytes. */
  readonly argument: number;
  readonly memory: MemorySpec;
}

class StructArguments {
  /** How many arguments the caller gives. */
  readonly count: number;
  /** How many values come back, besides the returned one. */
  readonly outs: number;
  readonly #slots: readonly Slot[];
  /** By the index of the parameter. */
  readonly #back: ReadonlyMap<number, Back>;
  readonly #returns: MemorySpec | null;

  constructor(params: readonly ParamSpec[], returns: ReturnSpec) {
    const slots: Slot[] = [];
    const back = new Map<number, Back>();
    let given = 0;
    params.forEach((param, index) => {
      if (argumentType(param) === null) return;
      const memory = memoryOf(param);
      if (memory !== null && memory.mode !== 'in') back.set(index, { argument: slots.length, memory });
      slots.push({ memory, given, instead: insteadOf(param, memory) });
      if (isGiven(memory)) given += 1;
    });
    this.count = given;
    this.outs = back.size;
    this.#slots = slots;
    this.#back = back;
    this.#returns = returns.kind === 'struct' ? { layout: returns.layout, mode: 'out', open: false } : null;
  }

  /** @returns what is passed on, or why it cannot be. Never throws. */
  pass(fn: CompiledFunction, args: readonly unknown[]): readonly unknown[] | ArgumentError {
    if (args.length !== this.count) return explainCount(fn, args);
    const passed: unknown[] = [];
    for (const { memory, given, instead } of this.#slots) {
      const value = isGiven(memory) ? args[given] : true;
      if (memory === null || (value === null && instead !== 'nothing')) passed.push(value);
      else if (instead === 'address' && isAddress(value)) passed.push(value);
      else {
        const bytes = memory.mode === 'out' ? room(memory, value) : toMemory(memory, value);
        if (!Buffer.isBuffer(bytes)) return explainPart(fn, given, bytes.path + bytes.what);
        passed.push(bytes);
      }
    }
    return passed;
  }

  /** Which argument of the caller's is at that place of what is passed on. */
  given(argument: number): number {
    return this.#slots[argument]?.given ?? argument;
  }

  /** Whether the caller gives a value for that argument. */
  isGiven(argument: number): boolean {
    return isGiven(this.#slots[argument]?.memory ?? null);
  }

  /** Whether a value comes back from that parameter. */
  comesBack(param: number): boolean {
    return this.#back.has(param);
  }

  /** Whether something that comes back may have a size in it. */
  get hasSizes(): boolean {
    const back = [...this.#back.values()].map(({ memory }) => memory);
    return [...back, ...(this.#returns === null ? [] : [this.#returns])].some(({ layout }) =>
      hasSizes(layout),
    );
  }

  /** The first size above 2^53 in a value that came back from a parameter, or was returned (null). */
  unsafeSize(param: number | null, value: unknown): number | null {
    const memory = param === null ? this.#returns : (this.#back.get(param)?.memory ?? null);
    if (memory === null || value === null) return null;
    return memory.open
      ? firstUnsafe(memory.layout, value as readonly unknown[])
      : unsafeSizeOf(memory.layout, value);
  }

  /** The value that came back from a parameter. */
  read(param: number, passed: readonly unknown[]): unknown {
    const back = this.#back.get(param) as Back;
    const bytes = passed[back.argument];
    return bytes === null ? null : fromMemory(back.memory, bytes as Buffer);
  }

  /** The struct that was returned, of its bytes. */
  returned(bytes: Buffer): unknown {
    return fromMemory(this.#returns as MemorySpec, bytes);
  }
}

function isGiven(memory: MemorySpec | null): boolean {
  return memory?.mode !== 'out' || memory.optional === true;
}

function insteadOf(param: ParamSpec, memory: MemorySpec | null): Slot['instead'] {
  if (param.kind === 'buffer' && memory?.mode === 'in') return 'address';
  return memory?.optional === true ? 'null' : 'nothing';
}

/** Zeros for an out that is wanted. */
function room({ layout }: MemorySpec, wanted: unknown): Buffer | MemoryMisfit {
  if (wanted === true) return Buffer.alloc(layout.size);
  return {
    path: '',
    what: ` (optional out) is ${show(wanted)}. Pass true for an out that is wanted, or null to leave it out: native code gets NULL then.`,
  };
}

function memoryOf(param: ParamSpec): MemorySpec | null {
  if (param.kind === 'struct') return { layout: param.layout, mode: 'in', open: false };
  return param.kind === 'buffer' ? (param.memory ?? null) : null;
}

/** For a function that has any. */
export function structArguments(params: readonly ParamSpec[], returns: ReturnSpec): StructArguments {
  return new StructArguments(params, returns);
}

export type { StructArguments };
