/** Opens the target of a verb. */
import type {
  AnyDeclarations,
  EngineName,
  LibraryBase,
  NativeFunction,
  Pool,
  WideDeclaration,
} from 'offthread';
import type { Target } from './target-options.js';

/** A function whose types only its declaration knows. */
export type AnyFunction = NativeFunction<unknown[], unknown, unknown>;

/** The function of a target, and the library that it is in. */
export interface OpenedTarget {
  readonly fn: AnyFunction;
  readonly engine: EngineName;
  /** The file that the loader has opened; null where it does not tell. */
  readonly file: string | null;
}

/** Names that a library object has for itself. */
const TAKEN: ReadonlySet<string> = new Set([
  'engine',
  'close',
  'then',
  'path',
  'file',
  'toJSON',
  'read',
  'text',
]);

/** The name that messages have for the function. */
function keyOf(symbol: string): string {
  return TAKEN.has(symbol) || symbol in Object.prototype ? `${symbol}()` : symbol;
}

/** @throws what `pool.open` throws. */
export async function openTarget(pool: Pool, target: Target): Promise<OpenedTarget> {
  const { symbol } = target.description;
  const key = keyOf(symbol);
  const declarations: AnyDeclarations = { [key]: { symbol, ...target.declaration } as WideDeclaration };
  const opened: LibraryBase = await pool.open(target.library, declarations as never, {
    engine: target.engine,
  });
  const functions = opened as LibraryBase & Readonly<Record<string, AnyFunction>>;
  return { fn: functions[key] as AnyFunction, engine: opened.engine, file: opened.file };
}
