/** Makes the sessions of a pool: in the package, their code is loaded when the first session is opened. */
import { SessionSet, type SessionSetParts } from './session-set.js';

export function makeSessions(parts: SessionSetParts): SessionSet {
  const sessions = new SessionSet(parts);
  parts.admission.useSessions(sessions);
  return sessions;
}
