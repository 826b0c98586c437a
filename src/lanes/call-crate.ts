/**
 * A call as a message, for a lane that shares no memory: its row, its payload
 * and its bytes go there, and come back into the same places.
 *
 * Guarantee: what comes back has the sizes of what went, and decides nothing
 * but the outcome: where things are, and whose they are, the host knows itself.
 */
import { isShared } from '../declare/values/bytes.js';
import type { CrateDown } from '../shared/crate.js';
import type { Frame } from '../shared/frames.js';
import type { LaneMemory } from '../shared/memory/lane-memory.js';
import { ROW_BYTES, RowWord } from '../shared/memory/layout.js';
import { FIRST_EXTERNAL, Op } from '../shared/memory/payload.js';
import { State, stateIn } from '../shared/memory/states.js';
import type { LaneRing } from './rows/lane-ring.js';
import type { Ticket } from './rows/ticket.js';

/** From here on a row is the lane's to write: what is before it, the host keeps to itself. */
const ANSWER_BYTE = RowWord.OUTCOME * 4;

/** A call on its way. */
export interface CallCrate {
  readonly frame: Frame & { readonly message: CrateDown };
  /** Where the bytes that come back belong, in their order. */
  readonly wanted: readonly Uint8Array[];
}

/** A call that is in a ring, to be sent. */
export function callCrate<T extends Ticket>(ring: LaneRing<T>, sequence: number): CallCrate {
  const views = ring.externals(sequence);
  const back = wantedBack(ring, sequence);
  return {
    frame: {
      message: { kind: 'call', sequence, payload: ring.payload(sequence), back },
      // Copies: the memory is written to while they are on their way.
      blobs: [
        Uint8Array.from(rowBytes(ring.memory, sequence)),
        Uint8Array.from(ring.payloadBytes(sequence)),
        ...views,
      ],
    },
    wanted: views.filter((_, index) => back[index]),
  };
}

/**
 * Writes what came of a call back into its row. It is over then, whoever waits for it.
 * @throws when it is no answer to this call.
 */
export function takeAnswer<T extends Ticket>(
  ring: LaneRing<T>,
  sequence: number,
  wanted: readonly Uint8Array[],
  blobs: readonly Uint8Array[],
): void {
  const targets = [rowBytes(ring.memory, sequence), ring.payloadBytes(sequence), ...wanted];
  const fits = targets.every(({ byteLength }, index) => blobs[index]?.byteLength === byteLength);
  const [row, ...rest] = blobs;
  if (!fits || row === undefined) throw new Error('it sent an answer of another size than its call');
  const words = new Int32Array(row.buffer, row.byteOffset, RowWord.STATE + 1);
  const ending = stateIn(words[RowWord.STATE] as number);
  if (ending !== State.succeeded && ending !== State.failed) {
    throw new Error('it sent an answer that is none');
  }
  targets[0]?.set(row.subarray(ANSWER_BYTE), ANSWER_BYTE);
  rest.forEach((bytes, index) => targets[index + 1]?.set(bytes));
  finish(ring, sequence, ending);
}

/** Exactly one of these swaps wins, or the call was given up and nobody waits for it. */
function finish<T extends Ticket>(ring: LaneRing<T>, sequence: number, ending: State): void {
  const { id } = ring.ticket(sequence);
  if (ring.transition(sequence, id, State.running, ending)) return;
  if (ring.transition(sequence, id, State.cancelling, State.cancelled)) return;
  ring.transition(sequence, id, State.timingOut, State.timedOut);
}

function rowBytes(memory: LaneMemory, sequence: number): Uint8Array {
  const start = memory.rowWord(sequence) * 4;
  return memory.bytes.subarray(start, start + ROW_BYTES);
}

/** For each view that a call is lent: whether native code may change what the caller sees by it. */
function wantedBack<T extends Ticket>(ring: LaneRing<T>, sequence: number): boolean[] {
  const { fn, args } = ring.ticket(sequence);
  const cell = ring.payload(sequence) / 8;
  const back: boolean[] = ring.externals(sequence).map(() => false);
  fn.compiled.given.positions.forEach((index, given) => {
    const param = fn.compiled.spec.params[index];
    if (fn.plan.ops[index] !== Op.BUFFER || param?.kind !== 'buffer') return;
    const place = ring.memory.f64[cell + index] as number;
    if (place <= FIRST_EXTERNAL) back[FIRST_EXTERNAL - place] = param.inout || isShared(args[given]);
  });
  return back;
}
