/** What a lane that shares no memory is lent beyond its payload: bytes of the host's own, that are sent with the call. */
import { FIRST_EXTERNAL } from '../shared/memory/payload.js';
import type { Outside } from './memory/external-memory.js';

export class PrivateBytes implements Outside {
  /** One call at a time is in flight. */
  readonly exhausted = false;
  readonly lendsShared = false;
  readonly lendsLive = false;

  take(bytes: number): Uint8Array {
    return new Uint8Array(bytes);
  }

  give(): void {}

  cellOf(_view: Uint8Array, index: number): number {
    return FIRST_EXTERNAL - index;
  }

  /** They go with the row. */
  send(): void {}
}
