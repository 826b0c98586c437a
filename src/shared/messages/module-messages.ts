/** What host and lanes tell each other about modules of JavaScript, and how errors and large values of theirs travel. */

/** Where a module is: a URL (`file:`, `node:` …) that an import takes, or the path of an add-on. */
export type ModulePlace =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'addon'; readonly path: string };

/** The name of a module in messages. */
export function nameOfPlace(place: ModulePlace): string {
  return place.kind === 'url' ? place.url : place.path;
}

/** How a function of a module is called. */
export const ModuleMode = {
  /** Its arguments are values. */
  PLAIN: 0,
  /** Some of its arguments are functions, which run on the host. */
  FUNCTIONS: 1,
  /** It returns an iterator, whose values are sent as chunks. */
  STREAM: 2,
} as const;

/** An export of a module, by the number that rows call it by. */
export interface NumberedExport {
  readonly number: number;
  readonly name: string;
  /** A {@link ModuleMode}. */
  readonly mode: number;
}

/** A module that a lane is to load. */
export interface ModuleOrder {
  readonly id: number;
  readonly place: ModulePlace;
  /** Name of the export that is called once after the module was loaded; null for none. */
  readonly setup: string | null;
  /** Name of the export that is called once before the lane ends; null for none. */
  readonly teardown: string | null;
  /** ms for loading and `setup` together, and for `teardown`. */
  readonly limitMs: number;
  /** What `setup` gets as `context.data`. */
  readonly data: unknown;
}

/** What an export is. */
export interface ModuleExport {
  readonly name: string;
  readonly kind: 'function' | 'generator';
}

/** What a lane has found in a module. */
export interface LoadedModule {
  readonly exports: readonly ModuleExport[];
  /** Names of exports that are no functions. */
  readonly others: readonly string[];
  /** Whether the module uses `offthread/lane`. */
  readonly usesLane: boolean;
}

/** What a lane answers that was asked to load a module. */
export type ModuleAnswer =
  | { readonly loaded: LoadedModule }
  | { readonly failed: ModuleStage; readonly error: ThrownData };

/** What failed. */
export type ModuleStage = 'load' | 'setup' | 'time';

/** A thrown value as plain data: structured cloning loses an error's own properties, and the names of most classes. */
export type ThrownData =
  /** No error: the value itself, if it can be cloned; otherwise its text. */
  | { readonly kind: 'value'; readonly value: unknown }
  | {
      readonly kind: 'error';
      readonly name: string;
      readonly message: string;
      readonly stack: string | null;
      readonly cause: ThrownData | null;
      /** The errors of an AggregateError. */
      readonly errors: readonly ThrownData[] | null;
      /** Own properties that can be cloned. */
      readonly properties: readonly (readonly [string, unknown])[];
    };

/** A value that does not fit into shared memory: its form and what goes beside it, or the value itself. */
export type ValueMessage =
  | { readonly form: ArrayBuffer; readonly attachments: readonly (ArrayBuffer | SharedArrayBuffer)[] }
  | { readonly value: unknown };
