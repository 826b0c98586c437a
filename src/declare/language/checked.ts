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
import type { IsUnread, ShapeOf } from '../prototype/infer-prototype.js';
import type { Declaration, DeclarationShape, PrototypeDeclaration } from './types.js';

/** A declaration whose literals TypeScript has widened to `string`. Checked when the library is opened. */
export interface WideDeclaration {
  /** The parameters, in the order of the C prototype. */
  readonly arguments: readonly (string | object)[];
  /** What the function returns. */
  readonly return: string | object;
  /** The types of what is passed for the `...`. */
  readonly variadic?: readonly (string | object)[];
  /** Name in the library, where it differs from the key. */
  readonly symbol?: string;
  /** When a returned value means that the function failed. */
  // `object` stands for a predicate: as a function type it would hide the
  // context that `Declaration` gives to a predicate written in place.
  readonly fails?: string | object;
  /** Whether `errno` is read for the error of a call that failed. */
  readonly errno?: boolean;
  /** A function of the library that returns the text of its last error. */
  readonly lastError?: string | object;
  /** A function of the library that interrupts a running call. */
  readonly onCancel?: object;
  /** Chunks that its calls hand out through a callback that an earlier call installed. */
  readonly stream?: object;
}

/** Declarations as literals, or widened. */
export type AnyDeclarations = Readonly<
  Record<string, Declaration | WideDeclaration | PrototypeDeclaration | string>
>;

/** True where TypeScript has widened the literals of a declaration. */
type IsWide<F extends DeclarationShape> = string extends F['return']
  ? true
  : string extends F['arguments'][number]
    ? true
    : false;

/** The declaration, in which unknown keys are `never`. */
type OnlyKnownKeys<F> = {
  readonly [K in keyof F]: K extends keyof WideDeclaration ? F[K] : never;
};

/** What stands in the place of a prototype that TypeScript cannot read: the error at run time says more. */
type Unreadable = 'This C prototype cannot be read. The error that open() throws shows where.';

/** A prototype that can be read, or whose text TypeScript does not know. */
type CheckedPrototype<F, S> = string extends S ? F : IsUnread<ShapeOf<F>> extends true ? Unreadable : F;

/** A declaration by prototype, in which unknown keys are `never`. */
type CheckedBeside<F extends ByPrototype> = {
  readonly [K in keyof F]: K extends keyof ByPrototype
    ? CheckedPrototype<F, F[K]> extends Unreadable
      ? Unreadable
      : F[K]
    : K extends keyof PrototypeDeclaration
      ? F[K]
      : never;
};
/** What tells such a declaration from others. */
type ByPrototype = Pick<PrototypeDeclaration, 'prototype'>;

/** The declaration if it is valid, else the type that it must have. */
type CheckedDeclaration<F> = F extends string
  ? CheckedPrototype<F, F>
  : F extends ByPrototype
    ? CheckedBeside<F>
    : F extends Declaration
      ? OnlyKnownKeys<F>
      : F extends DeclarationShape
        ? IsWide<F> extends true
          ? OnlyKnownKeys<F>
          : Declaration
        : Declaration;

/** No elements for any `D`. TypeScript resolves this only where `D` is known. */
type None<D> = D extends object ? [] : [];

/**
 * `D` where every declaration in it is right, else a type that says what is not.
 *
 * Within a generic function (`<const D extends Declarations>(path: string, declarations: D) => pool.open(path, declarations)`)
 * TypeScript does not know `D` yet, and could not show that it is right. The condition lets it pass there: a condition
 * that is still open is tried with wildcards for type parameters; a list of unknown length is then not an empty one,
 * so that the first branch is left out. What such a function is called with is checked by its own constraint.
 */
export type Checked<D> = [...None<D>] extends []
  ? { readonly [K in keyof D]: CheckedDeclaration<D[K]> }
  : unknown;
