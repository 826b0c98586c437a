/**
 * The callbacks of a lane: functions that native code can call, created when a call first needs them and kept until the
 * lane ends.
 *
 * There is one for each callback parameter of a function, one for each persistent callback, and one probe. Because they
 * are kept, a late call is harmless: native code that calls back after its call has returned reaches a valid function,
 * and gets the declared fallback. The place of a closed persistent callback is reused for the next one of the same
 * prototype, oldest first. So the number of callbacks is bounded by what the program declares and keeps open.
 *
 * Guarantee: nothing is thrown into native code, and the value returned is of
 * the declared type. A thread that ends calls {@link LaneCallbacks.release}.
 *
 * Threads that native code creates may call as well. Their calls reach this thread between two calls of the host (see
 * {@link ChannelWriter.entered}). After the first such call, no callback is released: such a thread would call freed
 * memory.
 */
import { JSON } from '../../src/builtins.js';
import type { ChunksSpec, FunctionSpec, HostFunctionSpec } from '../../src/declare/spec.js';
import type { CallbackSource } from '../../src/engines/frame.js';
import { CallbackReader } from '../../src/engines/callback-reader.js';
import type { Engine, NativeCallback, NativeValue, Prototype } from '../../src/engines/engine.js';
import type { ChannelWriter } from './channel-writer.js';

/** The target of a callback. */
interface Target {
  readonly param: HostFunctionSpec | ChunksSpec;
  /** The function whose call must be running; null for any. */
  readonly spec: FunctionSpec | null;
  /** Index of the parameter, or minus the id of a persistent callback. */
  readonly number: number;
  readonly reader: CallbackReader;
}

/** A native callback and its current target. */
interface Place {
  readonly native: NativeCallback;
  readonly key: string;
  target: Target | null;
  /** The value that native code gets if there is no target. */
  none: NativeValue;
}

const prototypeOf = ({ callback }: HostFunctionSpec | ChunksSpec): Prototype => ({
  arguments: callback.params.map((param) => (param.kind === 'value' ? param.type : 'pointer')),
  returns: callback.returns,
});

export class LaneCallbacks implements CallbackSource {
  readonly #engine: Engine;
  readonly #writer: ChannelWriter;
  readonly #own = new Map<FunctionSpec, (Place | undefined)[]>();
  readonly #persistent = new Map<number, Place>();
  /** Places without a target, by prototype, oldest first. */
  readonly #free = new Map<string, Place[]>();
  /** Persistent callbacks that were closed before their first call ran. */
  readonly #closed = new Set<number>();
  #probe: NativeCallback | null = null;
  #lasting = false;

  constructor(engine: Engine, writer: ChannelWriter) {
    this.#engine = engine;
    this.#writer = writer;
  }

  own(spec: FunctionSpec, index: number): bigint {
    let places = this.#own.get(spec);
    if (places === undefined) {
      places = [];
      this.#own.set(spec, places);
    }
    const known = places[index];
    if (known !== undefined) return known.native.address;
    const param = spec.params[index] as HostFunctionSpec | ChunksSpec;
    const installs = param.kind === 'chunks' && param.persistent;
    const place = this.#place(param, installs ? null : spec, index);
    places[index] = place;
    return place.native.address;
  }

  persistent(id: number, param: HostFunctionSpec): bigint {
    let place = this.#persistent.get(id);
    if (place === undefined) {
      place = this.#place(param, null, -id);
      if (this.#closed.has(id)) this.#leave(place);
      else this.#persistent.set(id, place);
    }
    return place.native.address;
  }

  probe(): bigint {
    // Also non-zero while the lane ends: native code that asks must stop.
    this.#probe ??= this.#engine.callback({ arguments: [], returns: 'i32' }, () => {
      this.#writer.entered();
      return this.#writer.stopped ? 1 : 0;
    });
    return this.#probe.address;
  }

  /** A persistent callback has been closed: native code that still calls it gets the fallback. */
  close(id: number): void {
    const place = this.#persistent.get(id);
    if (place === undefined) {
      // The call that passes the callback has not run yet.
      this.#closed.add(id);
      return;
    }
    this.#persistent.delete(id);
    this.#leave(place);
  }

  /** Whether native code has ever received a callback that it may keep. */
  get lasting(): boolean {
    return this.#probe !== null || this.#lasting;
  }

  /** Releases every callback, because this thread is ending; unless a thread of native code has called one. */
  release(): void {
    if (this.#writer.threaded) return;
    this.#probe?.release();
    this.#probe = null;
    const places = [
      ...[...this.#own.values()].flat(),
      ...this.#persistent.values(),
      ...[...this.#free.values()].flat(),
    ];
    this.#own.clear();
    this.#persistent.clear();
    this.#free.clear();
    for (const place of places) place?.native.release();
  }

  /** The place has no target any more: it may be reused. */
  #leave(place: Place): void {
    place.target = null;
    const free = this.#free.get(place.key);
    if (free === undefined) this.#free.set(place.key, [place]);
    else free.push(place);
  }

  #place(param: HostFunctionSpec | ChunksSpec, spec: FunctionSpec | null, number: number): Place {
    const only = param.kind === 'chunks' ? param.chunk : null;
    const reader = new CallbackReader(this.#engine, param.callback, only);
    const target: Target = { param, spec, number, reader };
    const prototype = prototypeOf(param);
    const key = JSON.stringify(prototype);
    const used = this.#free.get(key)?.shift();
    const none = fallbackOf(param);
    if (spec === null) this.#lasting = true;
    if (used !== undefined) {
      used.target = target;
      used.none = none;
      return used;
    }
    const place: Place = {
      native: this.#engine.callback(prototype, (...values) => {
        try {
          return this.#called(place, values);
        } catch (cause) {
          // For example, memory has run out. Native code is told to stop, or gets the fallback.
          this.#writer.broken(cause);
          return place.none;
        }
      }),
      key,
      target,
      none,
    };
    return place;
  }

  #called({ target, none }: Place, values: readonly (number | bigint)[]): NativeValue {
    this.#writer.entered();
    if (target === null || (target.spec !== null && target.spec !== this.#writer.running)) {
      this.#writer.late();
      return none;
    }
    const { param, reader, number } = target;
    return param.kind === 'chunks'
      ? this.#writer.chunk(param, reader, values)
      : this.#writer.request(param, number, reader, values);
  }
}

/** The value that native code gets if it calls too late. */
function fallbackOf(param: HostFunctionSpec | ChunksSpec): NativeValue {
  const { returns } = param.callback;
  if (returns === 'void') return undefined;
  const wide = returns === 'i64' || returns === 'u64' || returns === 'pointer';
  return (param.kind === 'chunks' ? param.stop : param.fallback) ?? (wide ? 0n : 0);
}
