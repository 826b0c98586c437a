/** What the pool knows of a function of a module: it takes and returns any values. */
import type { CompiledFunction } from '../declare/compile/compile.js';
import type { ChunksSpec } from '../declare/spec.js';

/** Unread values at which a generator is not asked for the next one. */
const HIGH_WATER_MARK = 16;

const VALUES: ChunksSpec = {
  kind: 'chunks',
  callback: { params: [], returns: 'void' },
  chunk: null,
  stop: null,
  proceed: 0,
  highWaterMark: HIGH_WATER_MARK,
  persistent: false,
};

/** @param library the module, for messages. @param stream whether its values are sent as chunks. */
export function moduleFunction(library: string, name: string, stream: boolean): CompiledFunction {
  return {
    library,
    spec: {
      name,
      symbol: name,
      params: [],
      returns: { kind: 'void' },
      fails: null,
      errno: false,
      lastError: null,
      onCancel: null,
      stream: stream ? VALUES : null,
    },
    failsPredicate: undefined,
    callerArguments: { codes: [], positions: [], callbacks: [] },
    structs: null,
  };
}
