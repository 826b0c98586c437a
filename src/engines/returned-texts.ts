/**
 * The texts that a call brings back, copied out of native memory by length and
 * freed where the declaration names how.
 *
 * Order: the library's own last error, the returned text, those of out
 * parameters, because each later step may disturb the earlier.
 */
import type { FunctionSpec, TextSpec } from '../declare/spec.js';
import type { LaneMemory } from '../shared/memory/lane-memory.js';
import { NO_TEXT, type PayloadPlan } from '../shared/memory/payload.js';
import type { Engine, EngineLibrary, NativeFunction, NativeValue } from './engine.js';
import type { Frame } from './frame.js';
import { helperPrototype } from './prototypes.js';
import { type NativeText, nativeText } from './system/native-text.js';

interface TextSource {
  readonly cell: number;
  readonly area: number;
  readonly free: NativeFunction | null;
}

export function hasTexts({ returns, params, lastError }: FunctionSpec): boolean {
  return returns.kind === 'text' || lastError !== null || params.some(({ kind }) => kind === 'outText');
}

export class ReturnedTexts {
  readonly #spec: FunctionSpec;
  readonly #plan: PayloadPlan;
  readonly #reader: NativeText;
  readonly #lastError: NativeFunction | null;
  readonly #returnFree: NativeFunction | null;
  readonly #outTexts: readonly TextSource[];

  /** @throws SymbolNotFoundError */
  constructor(engine: Engine, library: EngineLibrary, spec: FunctionSpec, plan: PayloadPlan) {
    this.#spec = spec;
    this.#plan = plan;
    const { lastError, returns, params } = spec;
    this.#lastError =
      lastError === null
        ? null
        : library.bind(lastError.symbol, helperPrototype(spec, lastError.arguments, 'pointer'));
    const free = (text: TextSpec): NativeFunction | null =>
      text.free === null ? null : library.bind(text.free, { arguments: ['pointer'], returns: 'void' });
    this.#returnFree = returns.kind === 'text' ? free(returns.text) : null;
    const outTexts: TextSource[] = [];
    params.forEach((param, cell) => {
      if (param.kind !== 'outText') return;
      outTexts.push({ cell, area: plan.outTexts[outTexts.length] as number, free: free(param.text) });
    });
    this.#outTexts = outTexts;
    this.#reader = nativeText(engine);
  }

  /**
   * @param args as they were passed.
   * @param failed whether the returned value means failure.
   * @returns the texts that are too long for their areas, null in the place of others; null when all fitted.
   */
  copy(
    { memory, base }: Frame,
    payload: number,
    args: readonly (number | bigint)[],
    value: NativeValue,
    failed: boolean,
  ): (string | null)[] | null {
    const plan = this.#plan;
    const reader = this.#reader;
    const texts: (string | null)[] = [];
    if (this.#lastError !== null && (failed || this.#spec.fails === 'host')) {
      const indices = this.#spec.lastError?.arguments ?? [];
      const pointer = this.#lastError(
        ...indices.map((index) => this.#argument(memory, payload, args, index)),
      ) as bigint;
      texts.push(reader.copy(pointer, memory, base, payload + plan.lastError));
    } else if (plan.lastError !== NO_TEXT) {
      memory.i32[(payload + plan.lastError) / 4] = -1;
      texts.push(null);
    }
    if (plan.returnText !== NO_TEXT) {
      texts.push(reader.copy(value as bigint, memory, base, payload + plan.returnText));
      if (this.#returnFree !== null && value !== 0n) this.#returnFree(value as bigint);
    }
    for (const source of this.#outTexts) {
      const pointer = memory.u64[payload / 8 + source.cell] as bigint;
      texts.push(reader.copy(pointer, memory, base, payload + source.area));
      if (source.free !== null && pointer !== 0n) source.free(pointer);
    }
    return texts.some((text) => text !== null) ? texts : null;
  }

  /** A value argument as it was passed; of an out or inout cell, its content. */
  #argument(
    memory: LaneMemory,
    payload: number,
    args: readonly (number | bigint)[],
    index: number,
  ): number | bigint {
    const param = this.#spec.params[index];
    if (param === undefined || param.kind === 'value' || !('type' in param)) return args[index] as number;
    return memory.u64[payload / 8 + index] as bigint;
  }
}
