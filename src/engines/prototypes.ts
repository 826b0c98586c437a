/** The C prototypes that an engine binds for a declared function and its helpers. */
import type { FunctionSpec, ParamSpec, ReturnSpec, Scalar, StructLayout } from '../declare/spec.js';
import { EngineError } from '../errors.js';
import type { EngineLibrary, FunctionPrototype, NativeFunction, Prototype } from './engine.js';

function typeOf(param: ParamSpec): Scalar | StructLayout {
  if (param.kind === 'struct') return param.layout;
  return param.kind === 'value' ? param.type : 'pointer';
}

/** What C makes of an argument that no parameter has a type for. */
function promoted(type: Scalar | StructLayout): Scalar | StructLayout {
  switch (type) {
    case 'i8':
    case 'u8':
    case 'i16':
    case 'u16':
    case 'bool':
      return 'i32';
    case 'f32':
      return 'f64';
    default:
      return type;
  }
}

/** The C prototype an engine binds: everything that is neither a value nor a struct by value is an address. */
export function prototypeOf(spec: FunctionSpec): FunctionPrototype {
  const { params, returns, named } = spec;
  const types = params.map(typeOf);
  return {
    arguments: named === undefined ? types : types.map((type, at) => (at < named ? type : promoted(type))),
    returns: returnedType(returns),
    ...(named === undefined ? {} : { named }),
  };
}

function returnedType(returns: ReturnSpec): FunctionPrototype['returns'] {
  switch (returns.kind) {
    case 'value':
      return returns.type;
    case 'struct':
      return returns.layout;
    case 'text':
      return 'pointer';
    default:
      return 'void';
  }
}

/** The same prototype for an engine that passes no structs by value. @throws EngineError OFFTHREAD_ENGINE_UNSUPPORTED */
export function inScalars(engine: string, symbol: string, prototype: FunctionPrototype): Prototype {
  const types = [prototype.returns, ...prototype.arguments];
  if (types.every((type) => typeof type === 'string')) return prototype as Prototype;
  throw new EngineError(
    `The function '${symbol}' passes or returns a struct by value, which ${engine} does not support. Install koffi and use ` +
      `{ engine: 'koffi' }, or use engine 'auto'.`,
    { code: 'OFFTHREAD_ENGINE_UNSUPPORTED', symbol },
  );
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
