/** The types of a module's functions as `pool.module` returns them. */
import type { NativeFunction } from '../calls/native-function.js';
import type { TransferredBytes, TransferableBytes } from '../declare/language/transfer.js';
import type { Kept } from '../lane/this-lane.js';
import type { KeptValue } from '../lanes/rows/kept-value.js';
import type { TransferredValue } from '../declare/language/transferred-value.js';
import type { LentBytes } from '../declare/language/lend.js';

/** Any function. */
type AnyFunction = (...args: never[]) => unknown;

/** What a caller may give for an argument: the value, bytes that are transferred or lent, or a function, sync or async, in place of one. */
export type ModuleArgument<T> = T extends AnyFunction
  ? T extends (...args: infer A) => infer R
    ? (...args: A) => Awaited<R> | PromiseLike<Awaited<R>>
    : never
  :
      | T
      | TransferredValue<T>
      | (T extends object ? KeptValue<T> : never)
      | (T extends TransferableBytes ? TransferredBytes<T> | LentBytes : never);

/** What a caller may give for the arguments of a function. */
type ModuleArguments<A extends readonly unknown[]> = { [I in keyof A]: ModuleArgument<A[I]> };

/** What a caller gets for a result: a token, for a value that its lane keeps. */
export type ModuleResultOf<T> = T extends Kept<infer V> ? KeptValue<V> : T;

/** The function of the pool for a function of a module. The values of a generator are its chunks. */
export type ModuleFunctionOf<F> = F extends (...args: infer A) => infer R
  ? [R] extends [never]
    ? NativeFunction<ModuleArguments<A>, never>
    : R extends AsyncGenerator<infer C, infer T> | Generator<infer C, infer T>
      ? NativeFunction<ModuleArguments<A>, Awaited<T>, Awaited<C>>
      : NativeFunction<ModuleArguments<A>, ModuleResultOf<Awaited<R>>>
  : never;

/** The functions that a module exports, or promises for them, as functions of the pool. */
export type ModuleFunctions<M> = {
  readonly [K in keyof M as Awaited<M[K]> extends AnyFunction ? K : never]: ModuleFunctionOf<Awaited<M[K]>>;
} & AsyncDisposable;
