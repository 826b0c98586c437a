/**
 * The constraint for functions that take declarations:
 *
 * ```ts
 * open<const D extends AnyDeclarations & Checked<D>>(path: string, declarations: D): …
 * ```
 *
 * `AnyDeclarations` gives context (completion, the type of a `fails`
 * predicate's parameter) and lets objects through whose strings were widened
 * because they were not declared `as const`; `Checked` takes back what that
 * lets through too much: literal names that are no types, and unknown keys.
 */
import type { Declaration, DeclarationShape } from './types.js';

/** A declaration whose literals TypeScript has widened to `string`. Checked when the library is opened. */
export interface WideDeclaration {
  readonly arguments: readonly (string | object)[];
  readonly return: string | object;
  readonly symbol?: string;
  // `object` stands for a predicate: as a function type it would hide the
  // context that `Declaration` gives to a predicate written in place.
  readonly fails?: string | object;
  readonly errno?: boolean;
  readonly lastError?: string | object;
  readonly onCancel?: object;
  readonly stream?: object;
}

/** Declarations as literals, or widened. */
export type AnyDeclarations = Readonly<Record<string, Declaration | WideDeclaration>>;

type IsWide<F extends DeclarationShape> = string extends F['return']
  ? true
  : string extends F['arguments'][number]
    ? true
    : false;

type OnlyKnownKeys<F> = {
  readonly [K in keyof F]: K extends keyof WideDeclaration ? F[K] : never;
};

type CheckedDeclaration<F> = F extends Declaration
  ? OnlyKnownKeys<F>
  : F extends DeclarationShape
    ? IsWide<F> extends true
      ? OnlyKnownKeys<F>
      : Declaration
    : Declaration;

/** `D` where every declaration in it is right, else a type that says what is not. */
export type Checked<D> = { readonly [K in keyof D]: CheckedDeclaration<D[K]> };
