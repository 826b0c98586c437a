/** The kind of lanes that the contract suite runs on at the moment. OFFTHREAD_TEST_LANES='thread' narrows it. */
import { type Pool, type PoolOptions, createPool as create, sharedBytes } from 'offthread';

export type LaneKind = 'thread' | 'process';

const wanted = process.env['OFFTHREAD_TEST_LANES']?.split(',').map((name) => name.trim());

/** The kinds that the contract runs on. */
export const laneKinds: readonly LaneKind[] = (['thread', 'process'] as const).filter(
  (kind) => wanted === undefined || wanted.includes(kind),
);

let current: LaneKind = 'thread';

/** From now on pools of tests have lanes of that kind. */
export function useLanes(kind: LaneKind): void {
  current = kind;
}

/** The kind that pools have now. */
export function laneKind(): LaneKind {
  return current;
}

/** A pool with lanes of the kind that is being tested. */
export function createPool(options: PoolOptions = {}): Pool {
  return create(
    current === 'thread' ? options : { isolation: 'process', spares: 0, stderr: 'capture', ...options },
  );
}

/** Memory that native code in lanes of that kind sees live. */
export function liveMemory(bytes: number): ArrayBufferLike {
  return current === 'thread' ? new SharedArrayBuffer(bytes) : sharedBytes(bytes).buffer;
}
