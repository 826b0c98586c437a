import { compileDeclarations, type CompiledFunction } from '../../src/declare/compile/compile.js';
import { DeclarationError } from '../../src/errors.js';

/** Compiles one function named `f` of a library named `libtest.so`. */
export function compileOne(declaration: unknown): CompiledFunction {
  const [fn] = compileDeclarations('libtest.so', { f: declaration });
  if (fn === undefined) throw new Error('nothing was compiled');
  return fn;
}

/** The compiled function with these parameters, returning i32. */
export function taking(...types: unknown[]): CompiledFunction {
  return compileOne({ arguments: types, return: 'i32' });
}

/** The message of the DeclarationError that `run` must throw. */
export function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DeclarationError) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}
