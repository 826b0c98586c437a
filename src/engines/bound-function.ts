/**
 * A declared function bound to an engine: reads a call's payload, calls the function, and writes the results to the
 * same row and payload.
 *
 * Order after the call, on the calling thread: errno first, then the library's
 * own last error, then texts, because each later step may disturb the earlier.
 */
import type { FunctionSpec, ParamSpec } from '../declare/spec.js';
import { type BatchPlan, planBatch } from '../shared/memory/batch-layout.js';
import { ERRNO_SHIFT, Header, Outcome, Phase, RowDouble, RowWord } from '../shared/memory/layout.js';
import type { LaneMemory } from '../shared/memory/lane-memory.js';
import {
  FIRST_ADDRESS,
  FIRST_LIVE,
  NO_FUNCTION,
  NULL_CELL,
  OWN_FUNCTION,
  Op,
  type PayloadPlan,
  isLeftOut,
  planPayload,
} from '../shared/memory/payload.js';
import type { Engine, EngineLibrary, NativeArgument, NativeFunction, NativeResult } from './engine.js';
import type { Frame } from './frame.js';
import { bindHelper, prototypeOf } from './prototypes.js';
import { locateTexts } from './locate-texts.js';
import { type ReturnedTexts, returnedTexts } from './returned-texts.js';

/** Finds every symbol that the functions of a library need. @throws the error of binding. */
export function bindAll(engine: Engine, library: EngineLibrary, specs: readonly FunctionSpec[]): void {
  for (const spec of specs) {
    // Binding looks the symbol up; the bound function is not used.
    void new BoundFunction(engine, library, spec);
    if (spec.onCancel !== null) bindHelper(library, spec, spec.onCancel);
  }
}

export class BoundFunction {
  readonly spec: FunctionSpec;
  readonly plan: PayloadPlan;
  /** The layout of batches; null if calls cannot be batched. */
  readonly batch: BatchPlan | null;
  readonly #engine: Engine;
  readonly #call: NativeFunction;
  /** Null if no text is returned. */
  readonly #texts: ReturnedTexts | null;
  /** Reused: a lane runs one call at a time and native code cannot re-enter it. */
  readonly #args: NativeArgument[];

  constructor(engine: Engine, library: EngineLibrary, spec: FunctionSpec) {
    this.spec = spec;
    this.plan = planPayload(spec);
    this.batch = planBatch(spec);
    this.#engine = engine;
    this.#call = spec.errno
      ? library.bindErrno(spec.symbol, prototypeOf(spec))
      : library.bind(spec.symbol, prototypeOf(spec));
    this.#texts = returnedTexts(engine, library, spec, this.plan);
    this.#args = Array.from({ length: spec.params.length }, () => 0);
  }

  /**
   * Runs the call of a row.
   * @returns texts that are too long for their areas, or null; the row has the other results.
   */
  invoke(frame: Frame, sequence: number): (string | null)[] | null {
    const { memory } = frame;
    const word = memory.rowWord(sequence);
    const payload = memory.i32[word + RowWord.PAYLOAD] as number;
    this.#read(frame, sequence, payload);
    memory.i32[Header.PHASE] = Phase.CALL;
    const value = this.#invokeNative();
    memory.i32[Header.PHASE] = Phase.ANSWER;
    let outcome = this.spec.errno ? this.#engine.errno() << ERRNO_SHIFT : 0;
    const failed = this.#returned(memory, sequence, payload, value);
    if (failed) outcome |= Outcome.NATIVE_FAILURE;
    const texts = this.#texts === null ? null : this.#texts(frame, payload, this.#args, value, failed);
    if (texts !== null) outcome |= Outcome.TEXT_BY_PORT;
    memory.i32[word + RowWord.OUTCOME] = outcome;
    return texts;
  }

  /** The function as its engine bound it: takes and returns values alone. */
  get native(): NativeFunction {
    return this.#call;
  }

  /** Its calls may be optimized together with the loop that makes them. */
  get quickLoops(): boolean {
    return this.#engine.capabilities.quickLoops;
  }

  /** errno of the call that has just returned, on this thread. */
  errno(): number {
    return this.#engine.errno();
  }

  /** Whether a returned value means failure, by the declaration's rule. */
  failed(value: NativeResult): boolean {
    switch (this.spec.fails) {
      case 'nonzero':
        return value !== 0 && value !== 0n;
      case 'negative':
        return (value as number | bigint) < 0;
      case 'null':
        return value === 0n || value === 0;
      default:
        return false;
    }
  }

  #read(frame: Frame, sequence: number, payload: number): void {
    const { memory, base } = frame;
    const { ops } = this.plan;
    const args = this.#args;
    const i64 = payload / 8;
    const i32 = payload / 4;
    for (let index = 0; index < ops.length; index += 1) {
      switch (ops[index]) {
        case Op.I32:
          args[index] = memory.i32[i32 + index * 2] as number;
          break;
        case Op.U32:
          args[index] = memory.u32[i32 + index * 2] as number;
          break;
        case Op.F64:
          args[index] = memory.f64[i64 + index] as number;
          break;
        case Op.I64:
          args[index] = memory.i64[i64 + index] as bigint;
          break;
        case Op.U64:
          args[index] = memory.u64[i64 + index] as bigint;
          break;
        case Op.CSTRING:
        case Op.BUFFER:
          args[index] = this.#address(frame, memory.f64[i64 + index] as number);
          break;
        case Op.CSTRINGS:
          args[index] = this.#list(frame, memory.f64[i64 + index] as number);
          break;
        case Op.OPTIONAL_OUT:
        case Op.OPTIONAL_INOUT:
          args[index] = this.#isLeftOut(memory, payload, index) ? 0n : base + BigInt(payload + index * 8);
          break;
        case Op.CANCEL_FLAG:
          args[index] = base + BigInt((memory.rowWord(sequence) + RowWord.CANCEL) * 4);
          break;
        case Op.PROGRESS:
          args[index] = base + BigInt((memory.rowDouble(sequence) + RowDouble.DONE) * 8);
          break;
        case Op.STRUCT:
          args[index] = this.#struct(memory, index, payload);
          break;
        case Op.CALLBACK:
        case Op.CHUNKS:
        case Op.CANCEL_PROBE:
          args[index] = this.#callback(frame, index, memory.f64[i64 + index] as number);
          break;
        default:
          args[index] = base + BigInt(payload + index * 8);
      }
    }
  }

  /** The address of an array of strings. */
  #list(frame: Frame, cell: number): number | bigint {
    return cell === NULL_CELL || cell >= FIRST_ADDRESS
      ? this.#address(frame, cell)
      : locateTexts(this.#engine, frame, cell);
  }

  #isLeftOut({ i32 }: LaneMemory, payload: number, index: number): boolean {
    return isLeftOut(i32[(payload + this.plan.leftOut) / 4] as number, index);
  }

  #struct({ buffer }: LaneMemory, index: number, payload: number): DataView {
    const { layout } = this.spec.params[index] as Extract<ParamSpec, { kind: 'struct' }>;
    return new DataView(buffer, payload + (this.plan.structs[index] as number), layout.size);
  }

  #address(frame: Frame, cell: number): number | bigint {
    if (cell === NULL_CELL) return 0n;
    if (cell >= FIRST_ADDRESS) {
      const address = cell - FIRST_ADDRESS;
      return this.#engine.capabilities.numericPointers ? address : BigInt(address);
    }
    if (cell >= FIRST_LIVE) return frame.live() + BigInt(cell - FIRST_LIVE);
    return frame.base + BigInt(cell);
  }

  #callback({ callbacks }: Frame, index: number, cell: number): bigint {
    if (callbacks === null) throw new Error('callbacks are not available here');
    const param = this.spec.params[index] as ParamSpec;
    if (param.kind === 'cancelProbe') return callbacks.probe();
    if (param.kind !== 'callback' || cell === OWN_FUNCTION) return callbacks.own(this.spec, index);
    return cell === NO_FUNCTION ? 0n : callbacks.persistent(cell, param);
  }

  #invokeNative(): NativeResult {
    const args = this.#args;
    const call = this.#call;
    switch (args.length) {
      case 0:
        return call();
      case 1:
        return call(args[0] as number);
      case 2:
        return call(args[0] as number, args[1] as number);
      case 3:
        return call(args[0] as number, args[1] as number, args[2] as number);
      case 4:
        return call(args[0] as number, args[1] as number, args[2] as number, args[3] as number);
      default:
        return call(...args);
    }
  }

  /** Writes the returned value. @returns whether it means failure. */
  #returned(memory: LaneMemory, sequence: number, payload: number, value: NativeResult): boolean {
    const at = memory.rowDouble(sequence) + RowDouble.RESULT;
    switch (this.plan.returnOp) {
      case Op.I32:
        memory.i32[at * 2] = value as number;
        break;
      case Op.U32:
        memory.u32[at * 2] = value as number;
        break;
      case Op.F64:
        memory.f64[at] = value as number;
        break;
      case Op.I64:
        memory.i64[at] = value as bigint;
        break;
      case Op.U64:
        memory.u64[at] = value as bigint;
        break;
      default:
        if (value instanceof DataView) {
          memory.bytes.set(
            new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
            payload + this.plan.returnStruct,
          );
        }
    }
    return this.failed(value);
  }
}
