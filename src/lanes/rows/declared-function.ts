/** A declared function on the host: its number, its plan, and its run times. */
import { Math } from '../../builtins.js';
import type { CompiledFunction } from '../../declare/compile/compile.js';
import type { OffthreadError } from '../../errors.js';
import type { EngineName } from '../../declare/spec.js';
import type { LoadTerms } from '../../shared/messages/load-terms.js';
import { FIRST_RESULT_BYTES, planModule } from '../../shared/memory/module-payload.js';
import { type PayloadPlan, planPayload } from '../../shared/memory/payload.js';

/**
 * A call with a shorter run time may wait behind others in a lane's ring: waking a sleeping lane costs about as much
 * (20 to 50 µs).
 */
const SHORT_US = 30;
/** Share of long runs above which a function is not short: a single long run may have been preempted. */
const LONG_SHARE = 0.15;
/** Weights of the latest measurement. */
const SHARE_WEIGHT = 1 / 16;
const AVERAGE_WEIGHT = 1 / 8;
/**
 * ms, and number of typical runs, for which a measured run time is fully trusted; after that, trust halves with each
 * further period of this length.
 */
const GOOD_MS = 1_000;
const GOOD_RUNS = 4;
/** Number of mean deviations by which a run may well exceed the average. */
const AMPLE_SPREADS = 2;

/** What is known of a function of a module. */
export interface ModulePart {
  /** Whether some of its arguments are functions, which run on the host. */
  readonly functions: boolean;
  /** Whether the module may report progress. */
  readonly progress: boolean;
  /** Bytes to keep for a result: as many as the largest short one has taken so far. */
  resultBytes: number;
}

/** @param options what is known of the function when it is made. */
export function modulePart(options: Omit<ModulePart, 'resultBytes'>): ModulePart {
  return { ...options, resultBytes: FIRST_RESULT_BYTES };
}

export class DeclaredFunction {
  readonly number: number;
  readonly compiled: CompiledFunction;
  readonly plan: PayloadPlan;
  readonly engine: EngineName;
  /** The name by which the loader knows the library. */
  readonly path: string;
  /** How another process loads the library; null if this process has loaded it. */
  readonly terms: LoadTerms | null;
  /** Null for a function of a library. */
  readonly module: ModulePart | null;
  /** Whether native code can be asked to return while it runs. */
  readonly stoppable: boolean;
  /** Whether native code calls back: such a call runs alone in its lane, because it may wait for the host. */
  readonly hasCallbacks: boolean;
  /** Whether a call passes JavaScript functions. */
  readonly takesFunctions: boolean;
  /** Whether native code may call one of its callbacks during later calls: a probe, a persistent stream. */
  readonly keepsCallbacks: boolean;
  readonly hasProgress: boolean;
  readonly returnsBool: boolean;
  /** Whether a result may be a size, and above 2^53. */
  readonly returnsSizes: boolean;
  /** Whether a call resolves to `[returned, ...outs]`. */
  readonly hasOuts: boolean;
  /** Whether a call changes the caller's bytes. */
  readonly copiesBack: boolean;
  /** Whether a call is numbers only, in both directions, and nothing on the host decides how it ends. */
  readonly plain: boolean;
  /** Moving average of the short runs in µs; Infinity until measured. */
  averageUs: number = Infinity;
  /** Moving average of all runs in µs; Infinity until measured. */
  typicalUs: number = Infinity;
  /** Moving average of the deviation from `typicalUs`, in µs. */
  #spreadUs = 0;
  /** Whether calls may wait in the ring of a busy lane. */
  short = false;
  #longShare = 1;
  /** When a run was last measured, in ms on the host's clock. */
  #measuredAt = 0;
  /** Why calls are refused: the library has been closed. */
  #refusal: (() => OffthreadError) | null = null;

  constructor(
    number: number,
    compiled: CompiledFunction,
    engine: EngineName,
    path: string,
    terms: LoadTerms | null = null,
    module: ModulePart | null = null,
  ) {
    this.number = number;
    this.compiled = compiled;
    this.module = module;
    this.plan =
      module === null
        ? planPayload(compiled.spec)
        : planModule(module.functions, compiled.spec.stream !== null);
    this.engine = engine;
    this.path = path;
    this.terms = terms;
    const { params, returns, onCancel } = compiled.spec;
    this.hasCallbacks = this.plan.hasCallbacks;
    this.takesFunctions = module?.functions === true || params.some(({ kind }) => kind === 'callback');
    this.keepsCallbacks = params.some(
      (param) => param.kind === 'cancelProbe' || (param.kind === 'chunks' && param.persistent),
    );
    this.stoppable =
      module !== null ||
      onCancel !== null ||
      this.hasCallbacks ||
      params.some((param) => param.kind === 'cancelFlag');
    this.hasProgress = module?.progress === true || params.some((param) => param.kind === 'progress');
    this.returnsBool = returns.kind === 'value' && returns.type === 'bool';
    this.returnsSizes =
      (returns.kind === 'value' && returns.type === 'size') ||
      params.some((param) => (param.kind === 'out' || param.kind === 'inout') && param.type === 'size') ||
      compiled.structs?.hasSizes === true;
    this.hasOuts =
      params.some(({ kind }) => kind === 'out' || kind === 'outText' || kind === 'inout') ||
      (compiled.structs !== null && compiled.structs.outs > 0);
    this.copiesBack = params.some((param) => param.kind === 'buffer' && param.inout);
    this.plain =
      module === null &&
      params.every(({ kind }) => kind === 'value') &&
      (returns.kind === 'value' || returns.kind === 'void') &&
      compiled.spec.stream === null &&
      compiled.spec.lastError === null &&
      compiled.structs === null &&
      compiled.failsPredicate === undefined &&
      !this.returnsSizes;
  }

  get name(): string {
    return this.compiled.spec.name;
  }

  /** The error for a new call; null if calls are accepted. */
  refusal(): OffthreadError | null {
    return this.#refusal === null ? null : this.#refusal();
  }

  /** Refuses every further call with this error. */
  refuse(error: () => OffthreadError): void {
    this.#refusal = error;
  }

  /**
   * ms that a run is expected to take; 0 until one has been measured. An old measurement loses weight, so that a
   * function whose calls are refused because of earlier run times is tried again.
   */
  expectedMs(now: number): number {
    return this.typicalUs === Infinity ? 0 : (this.typicalUs / 1_000) * this.#belief(now);
  }

  /** ms that few runs exceed, for a run that must finish in time. */
  amplyMs(now: number): number {
    return this.expectedMs(now) + ((AMPLE_SPREADS * this.#spreadUs) / 1_000) * this.#belief(now);
  }

  /** The weight of the measurements, from 0 to 1. */
  #belief(now: number): number {
    const good = GOOD_MS + (GOOD_RUNS * this.typicalUs) / 1_000;
    const age = now - this.#measuredAt;
    return age > good ? 2 ** (1 - age / good) : 1;
  }

  /** Records a run time. @param endedAt ms on the host's clock. */
  measure(us: number, endedAt: number): void {
    // An old average has little weight: otherwise an earlier slow phase would cause calls to be refused again after
    // each run.
    const weight = Math.max(AVERAGE_WEIGHT, 1 - this.#belief(endedAt));
    this.#measuredAt = endedAt;
    const long = us >= SHORT_US;
    if (this.averageUs === Infinity) {
      this.averageUs = us;
      this.typicalUs = us;
      this.#longShare = long ? 1 : 0;
    } else {
      this.#longShare += ((long ? 1 : 0) - this.#longShare) * SHARE_WEIGHT;
      this.typicalUs += (us - this.typicalUs) * weight;
      this.#spreadUs += (Math.abs(us - this.typicalUs) - this.#spreadUs) * weight;
      if (!long) this.averageUs += (us - this.averageUs) * AVERAGE_WEIGHT;
    }
    this.short = this.#longShare < LONG_SHARE && !this.hasCallbacks;
  }
}
