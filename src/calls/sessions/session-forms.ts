/**
 * The forms that functions have in a session. What makes a function of a library says here how to make the same function
 * for a session; `session.use` finds it by the function itself, whatever object the function is in.
 */
import { ArgumentError } from '../../errors.js';
import type { CallSession } from '../call.js';

/** A session, as its functions see it. */
export interface SessionUse {
  readonly calls: CallSession;
  /** The object of the user: a session is closed once neither it nor a function of the session can be reached. */
  readonly handle: object;
}

type Form = (use: SessionUse) => unknown;

const forms = new WeakMap<object, { readonly pool: object; readonly form: Form }>();

/**
 * Says how to make a function for a session.
 * @param pool identifies the pool: the dispatcher of its calls.
 */
export function keepForm(fn: object, pool: object, form: Form): void {
  forms.set(fn, { pool, form });
}

/** The function for a session; undefined for a value that has none. @throws ArgumentError for a function of another pool. */
export function formIn(value: unknown, pool: object, use: SessionUse): unknown {
  const known = typeof value === 'function' ? forms.get(value) : undefined;
  if (known === undefined) return undefined;
  if (known.pool === pool) return known.form(use);
  throw new ArgumentError(
    'session.use received functions of another pool. Open the library on the pool of the session.',
  );
}
