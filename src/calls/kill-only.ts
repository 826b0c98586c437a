/** What a pool cannot do whose lanes share no memory with it (`control: 'kill-only'`), said before anything is done. */
import type { FunctionSpec } from '../declare/spec.js';
import { talksBack } from '../engines/select-engine.js';
import { DeadlockError, EngineError } from '../errors.js';

/** @throws EngineError OFFTHREAD_ENGINE_UNSUPPORTED for the first function whose native code calls back. */
export function requireSilence(specs: readonly FunctionSpec[]): void {
  const spec = specs.find(talksBack);
  if (spec === undefined) return;
  throw new EngineError(
    `The function '${spec.name}' has a callback, and what native code says while it runs needs memory that its lane shares with ` +
      "this process: the lanes of this pool share none (its `control` is 'kill-only'). Open it on a pool of threads, or on one " +
      "with { control: 'shared' } where memory can be shared; `stats().control` tells.",
    { code: 'OFFTHREAD_ENGINE_UNSUPPORTED', symbol: spec.name },
  );
}

/** Why a blocking call is refused: its answer comes by the event loop of the thread that it would block. */
export function cannotBlock(symbol: string): DeadlockError {
  return new DeadlockError(
    `${symbol} was not called: .blocking() would wait for ever, since the lanes of this pool share no memory with this process ` +
      "(its `control` is 'kill-only'), and their messages are not read while this thread is blocked. Await the call, or use a " +
      "pool of threads, or one with { control: 'shared' }.",
    { symbol },
  );
}
