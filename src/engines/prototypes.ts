/** The C prototypes that an engine binds for a declared function and its helpers. */
import type { FunctionSpec, ParamSpec, Scalar } from '../declare/spec.js';
import type { EngineLibrary, NativeFunction, Prototype } from './engine.js';

function scalarOf(param: ParamSpec): Scalar {
  return param.kind === 'value' ? param.type : 'pointer';
}

/** The C prototype an engine binds: everything that is not a value is an address. */
export function prototypeOf(spec: FunctionSpec): Prototype {
  const { returns } = spec;
  return {
    arguments: spec.params.map(scalarOf),
    returns: returns.kind === 'value' ? returns.type : returns.kind === 'text' ? 'pointer' : 'void',
  };
}

/** The C prototype of a helper (`lastError`, `onCancel`): the types of the call's own values. */
export function helperPrototype(
  spec: FunctionSpec,
  indices: readonly number[],
  returns: Prototype['returns'],
): Prototype {
  return {
    arguments: indices.map((index) => {
      const param = spec.params[index];
      return param !== undefined && 'type' in param ? param.type : 'pointer';
    }),
    returns,
  };
}

/** Binds an interrupt function. @throws SymbolNotFoundError */
export function bindHelper(
  library: EngineLibrary,
  spec: FunctionSpec,
  { symbol, arguments: indices }: NonNullable<FunctionSpec['onCancel']>,
): NativeFunction {
  return library.bind(symbol, helperPrototype(spec, indices, 'void'));
}
