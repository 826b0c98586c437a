/**
 * The addresses that the calls of a session in a process lane have returned. They are valid in that process only, so a
 * call in another lane that gets one of them is refused while the session is open.
 *
 * An address is known if a call has returned it as a `pointer`, itself or in an out parameter; pointers in structs, and
 * those that arrive in callbacks, are not. The last 4,096 are remembered. Processes may use the same addresses for
 * different things: an address that the calls of the other session have returned, too, is that session's own.
 */
import { ArgumentError } from '../../errors.js';
import type { DeclaredFunction } from '../../lanes/rows/declared-function.js';
import type { Call } from '../call.js';

const MOST = 4_096;
/** Below one page, and its negative: NULL and numbers that libraries use in place of addresses, such as SQLITE_TRANSIENT. */
const PAGE = 4_096n;

/** Where a function has pointers. */
interface PointerPlaces {
  readonly returns: boolean;
  /** Indexes in `[returned, ...outs]`. */
  readonly outs: readonly number[];
  /** Indexes of the caller's arguments; addresses may also be passed as `buffer`. */
  readonly given: readonly number[];
}

const places = new WeakMap<DeclaredFunction, PointerPlaces>();

function placesOf(fn: DeclaredFunction): PointerPlaces {
  let known = places.get(fn);
  if (known === undefined) {
    const { spec, callerArguments, structs } = fn.compiled;
    const outs: number[] = [];
    let count = 0;
    spec.params.forEach((param, index) => {
      const comesBack =
        param.kind === 'out' ||
        param.kind === 'inout' ||
        param.kind === 'outText' ||
        structs?.comesBack(index) === true;
      if (!comesBack) return;
      count += 1;
      if ((param.kind === 'out' || param.kind === 'inout') && param.type === 'pointer') outs.push(count);
    });
    const given = callerArguments.positions.flatMap((position, index) => {
      const param = spec.params[position];
      const holds =
        param?.kind === 'buffer' ||
        ((param?.kind === 'value' || param?.kind === 'inout') && param.type === 'pointer');
      return holds ? [index] : [];
    });
    known = { returns: spec.returns.kind === 'value' && spec.returns.type === 'pointer', outs, given };
    places.set(fn, known);
  }
  return known;
}

export class ReturnedPointers {
  /** Oldest first. */
  readonly #known = new Set<bigint>();

  has(address: bigint): boolean {
    return this.#known.has(address);
  }

  /** Remembers the addresses that a call has returned. */
  note({ fn, value }: Call): void {
    const { returns, outs } = placesOf(fn);
    if (!returns && outs.length === 0) return;
    if (!fn.hasOuts) this.#add(value);
    else if (Array.isArray(value)) {
      if (returns) this.#add(value[0]);
      for (const index of outs) this.#add(value[index]);
    }
  }

  #add(address: unknown): void {
    if (typeof address !== 'bigint') return;
    const signed = BigInt.asIntN(64, address);
    if (signed > -PAGE && signed < PAGE) return;
    this.#known.delete(address);
    this.#known.add(address);
    if (this.#known.size <= MOST) return;
    for (const oldest of this.#known) {
      this.#known.delete(oldest);
      return;
    }
  }
}

/** The addresses among the arguments of a call. */
export function addressesGiven({ fn, args }: Call): bigint[] {
  return placesOf(fn).given.flatMap((index) => (typeof args[index] === 'bigint' ? [args[index]] : []));
}

/** The error of a call with a pointer from another process. */
export function foreignPointer({ fn, id }: Call, address: bigint, lane: string): ArgumentError {
  return new ArgumentError(
    `${fn.name} received the pointer 0x${address.toString(16)}, which a session in lane ${lane} returned: each process lane has memory of its own, and the pointer is valid there only. ` +
      'Make the call in that session.',
    { symbol: fn.name, call: id },
  );
}
