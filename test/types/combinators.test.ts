/** B11: results of the combinators follow from their starts. Compiling this file is most of the test. */
import { expectTypeOf } from 'expect-type';
import {
  type ErrorKind,
  type NativeCall,
  type ParallelOptions,
  type RaceError,
  type RetryOptions,
  type Start,
  parallel,
  race,
  retry,
} from 'offthread';

declare const add: (a: number, b: number) => NativeCall<number>;
declare const version: () => NativeCall<string | null>;
declare const options: ParallelOptions;
declare const calls: readonly NativeCall<number>[];
declare const starts: Start<Date>[];

/** Never called: there is nothing behind what is declared. */
const compiled = (...checks: (() => void)[]): void => void checks;

describe('types of combinators (B11)', () => {
  it('retry gives what its start gives', () => {
    compiled(() => {
      expectTypeOf(retry(() => add(1, 2))).resolves.toEqualTypeOf<number>();
      expectTypeOf(retry(async () => 'text')).resolves.toEqualTypeOf<string>();
      expectTypeOf(retry((signal, attempt) => ({ signal, attempt }))).resolves.toEqualTypeOf<{
        signal: AbortSignal;
        attempt: number;
      }>();
      retry(() => 1, { when: ['crash', 'race'], deadline: new Date(), attempts: Infinity });
      retry(() => 1, { when: async (_error, attempt) => attempt < 2 });
      expectTypeOf<RetryOptions['when']>().toEqualTypeOf<
        | readonly ErrorKind[]
        | ((error: unknown, attempt: number) => boolean | PromiseLike<boolean>)
        | undefined
      >();
      // @ts-expect-error a call that runs cannot be started again
      retry(add(1, 2));
      // @ts-expect-error no such kind
      retry(() => 1, { when: ['crush'] });
      // @ts-expect-error no such option
      retry(() => 1, { retries: 3 });
    });
  });

  it('parallel gives a tuple for a tuple, and a list for a list', () => {
    compiled(() => {
      expectTypeOf(
        parallel([() => add(1, 2), version(), async () => true, (): void => {}, Promise.resolve(1n)]),
      ).resolves.toEqualTypeOf<[number, string | null, boolean, void, bigint]>();
      expectTypeOf(parallel([1, 2].map((n) => () => add(n, n)))).resolves.toEqualTypeOf<number[]>();
      expectTypeOf(parallel(calls)).resolves.toEqualTypeOf<number[]>();
      expectTypeOf(parallel([])).resolves.toEqualTypeOf<[]>();
      parallel([(signal) => signal.aborted], { concurrency: 2 });
      // @ts-expect-error a value is no start
      parallel([1]);
      // @ts-expect-error a start gets one signal and nothing else
      parallel([(signal: AbortSignal, attempt: number) => attempt]);
    });
  });

  it('parallel with `settle` gives records', () => {
    compiled(() => {
      expectTypeOf(parallel([() => add(1, 2), version()], { settle: true })).resolves.toEqualTypeOf<
        [PromiseSettledResult<number>, PromiseSettledResult<string | null>]
      >();
      expectTypeOf(parallel([() => add(1, 2)], { settle: false })).resolves.toEqualTypeOf<[number]>();
      expectTypeOf(parallel([() => add(1, 2)], options)).resolves.toEqualTypeOf<
        [number] | [PromiseSettledResult<number>]
      >();
    });
  });

  it('race gives what any of them may give', () => {
    compiled(() => {
      expectTypeOf(race([() => add(1, 2), version(), async () => true])).resolves.toEqualTypeOf<
        number | string | boolean | null
      >();
      expectTypeOf(race(starts, { stagger: 50 })).resolves.toEqualTypeOf<Date>();
      expectTypeOf<RaceError['errors']>().toEqualTypeOf<readonly unknown[]>();
      // @ts-expect-error no such option
      race([() => 1], { concurrency: 2 });
    });
  });
});
