/** The used part of the ffi-rs package, and its loading. */
import { EngineError } from '../../errors.js';
import { requireInstalled } from '../../shared/package-home.js';
import type { WireType } from './ffi-rs-types.js';
import { withoutAbort } from './without-abort.js';
import { withoutReport } from './without-report.js';

/** The parameters of a call of ffi-rs, which replaces `paramsType` by a copy at each call. */
export interface FfiRsCall {
  library: string;
  funcName: string;
  retType: number;
  paramsType: number[];
  paramsValue: unknown[];
  errno?: boolean;
}

/** What a call with `errno: true` returns. */
export interface FfiRsErrno {
  readonly value: unknown;
  readonly errnoCode: number;
}

export interface FfiRs {
  readonly DataType: { readonly [name in WireType | 'U8Array' | 'String' | 'External']: number };
  open(library: { readonly library: string; readonly path: string }): void;
  load(call: FfiRsCall): unknown;
  /** A Buffer over native memory: not a copy, and not freed with it. */
  createExternalBuffer(external: unknown, length: number): Buffer;
}

/** Loads the native code of ffi-rs into this environment. */
export function requireFfiRs(): FfiRs {
  try {
    return withoutReport(() => requireInstalled('ffi-rs') as FfiRs);
  } catch (cause) {
    throw new EngineError(
      `The engine ffi-rs could not be loaded: ${(cause as Error).message}. Its binary for ` +
        `${process.platform} ${process.arch} is an optional dependency: install without --omit=optional, ` +
        `or install koffi and open the library with { engine: 'koffi' }.`,
      { code: 'OFFTHREAD_ENGINE_MISSING', cause },
    );
  }
}

/**
 * Finds a symbol, and makes ffi-rs store it. ffi-rs offers no way to do this other than a call, so this makes a call
 * that fails: ffi-rs looks up the symbol before it checks the number of values. The function is not called.
 */
export function resolveSymbol(ffi: FfiRs, library: string, symbol: string): 'found' | 'missing' {
  try {
    withoutAbort(() =>
      ffi.load({
        library,
        funcName: symbol,
        retType: ffi.DataType.Void,
        paramsType: [],
        paramsValue: [0],
      }),
    );
  } catch (error) {
    const text = (error as Error).message;
    if (text.includes('length is not equal')) return 'found';
    if (text.startsWith('Cannot find')) return 'missing';
    throw new EngineError(`ffi-rs could not look up '${symbol}' in '${library}': ${text}.`, {
      symbol,
      cause: error,
    });
  }
  throw new EngineError(
    `This version of ffi-rs does not check values as version 1.3.7 does. Install ffi-rs 1.3.7.`,
    {
      symbol,
    },
  );
}
