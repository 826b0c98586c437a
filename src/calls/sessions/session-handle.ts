/**
 * The object that a user has of a session. Only the user and the functions of the session refer to it, so that the garbage
 * collector tells when nothing can use the session any more.
 */
import { ArgumentError } from '../../errors.js';
import { show } from '../../options/checks.js';
import { type CloseOptions, closeTimeout } from '../../options/pool-options.js';
import type { OpenSession } from './open-session.js';
import type { InSession, Session } from './session.js';
import { type SessionUse, formIn } from './session-forms.js';

export class SessionHandle implements Session {
  readonly #session: OpenSession;
  readonly #pool: object;

  /** @param pool identifies the pool: the dispatcher of its calls. */
  constructor(session: OpenSession, pool: object) {
    this.#session = session;
    this.#pool = pool;
  }

  get lane(): string {
    return this.#session.lane.name;
  }

  get closed(): boolean {
    return this.#session.closed;
  }

  use<T extends object>(target: T): InSession<T> {
    const use: SessionUse = { calls: this.#session, handle: this };
    const own = formIn(target, this.#pool, use);
    if (own !== undefined) return own as InSession<T>;
    const members: Record<string, unknown> = {};
    let found = false;
    if (typeof target === 'object' && target !== null) {
      for (const [name, value] of Object.entries(target)) {
        const form = formIn(value, this.#pool, use);
        if (form !== undefined) {
          found = true;
          members[name] = form;
        } else if (typeof value !== 'function') members[name] = value;
      }
    }
    if (found) return Object.freeze(members) as InSession<T>;
    throw new ArgumentError(
      `session.use received ${show(target)}. Pass what \`pool.open\` resolves to, or one of its functions.`,
    );
  }

  async close(options?: CloseOptions): Promise<void> {
    await this.#session.close(closeTimeout(options));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
