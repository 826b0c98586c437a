/** Prepares calls with koffi: 64-bit results become bigints, structs by value bytes; arguments for `...` get their types. */
import type { FunctionPrototype, NativeArgument, NativeFunction, NativeValue } from '../engine.js';
import { type KoffiStructs, toBytes, toObject } from './koffi-structs.js';
import { type KoffiType, TYPES } from './koffi-types.js';

/** A function as koffi binds it; a struct is an object. */
type KoffiFunction = (...values: unknown[]) => unknown;

/** Finds the symbol. @throws the error of koffi. */
export type KoffiFind = (result: KoffiType, parameters: readonly KoffiType[]) => KoffiFunction;

/** @throws the error of `find`. */
export function bindKoffi(
  find: KoffiFind,
  structs: KoffiStructs,
  { arguments: parameters, returns, named }: FunctionPrototype,
): NativeFunction {
  const typeOf = (type: FunctionPrototype['returns']): KoffiType =>
    typeof type === 'string' ? TYPES[type] : structs.typeOf(type);
  const types = parameters.map(typeOf);
  const plain =
    named === undefined
      ? find(typeOf(returns), types)
      : withTypes(find(typeOf(returns), [...types.slice(0, named), '...']), types, named);
  const native = parameters.some((type) => typeof type === 'object') ? withObjects(plain, parameters) : plain;
  if (typeof returns === 'object') return (...values) => toBytes(returns, native(...values));
  // koffi returns 64-bit integers as numbers if they fit.
  if (returns === 'size') return (...values) => Number(native(...values));
  const wide = returns === 'i64' || returns === 'u64' || returns === 'pointer';
  return wide
    ? (...values) => BigInt(native(...values) as number | bigint)
    : (native as (...values: NativeArgument[]) => NativeValue);
}

/** koffi's variadic functions take each further argument behind its type. */
function withTypes(native: KoffiFunction, types: readonly KoffiType[], named: number): KoffiFunction {
  return (...values) => {
    const passed: unknown[] = values.slice(0, named);
    for (let index = named; index < values.length; index += 1) passed.push(types[index], values[index]);
    return native(...passed);
  };
}

function withObjects(native: KoffiFunction, parameters: FunctionPrototype['arguments']): KoffiFunction {
  return (...values) =>
    native(
      ...values.map((value, index) => {
        const type = parameters[index];
        return typeof type === 'object' ? toObject(type, value as DataView) : value;
      }),
    );
}
