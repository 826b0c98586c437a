/** M15, B2: lanes that die while they stream: the chunks that came, then the error. */
import { expect } from 'chai';
import { chunks, LaneCrashedError, type NativeStream } from 'offthread';
import { rejection } from '../../helpers/contract.js';
import {
  crash,
  expectBalance,
  fullAgain,
  lanesWith,
  onProcessLanes,
  reached,
  words,
} from '../../helpers/faults.js';
import { byExitNow, FAULTS, SEGV } from '../../helpers/fault-functions.js';
import { BYTES, CHUNK, unhandled } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until } from '../../helpers/waiting.js';

const withLanes = lanesWith(testlib, {
  ot_add: FAULTS.ot_add,
  ot_process_id: FAULTS.ot_process_id,
  ot_stream_chunks: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32'], return: 'i32' },
  ot_stream_then_die: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32', 'i32'], return: 'i32' },
  ot_stream_tracked: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32', 'buffer'], return: 'i32' },
});

/** The first byte of every chunk, and what the stream ended with. */
async function read(stream: NativeStream<Buffer, number>): Promise<{ seen: number[]; error: unknown }> {
  const seen: number[] = [];
  try {
    for await (const chunk of stream) {
      expect(
        chunk.every((byte) => byte === chunk[0]),
        'a whole chunk',
      ).to.equal(true);
      seen.push(chunk[0] ?? -1);
    }
  } catch (error) {
    return { seen, error };
  }
  return { seen, error: undefined };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i & 255);

onProcessLanes('a lane that dies while it streams (M15, B2)', (ground) => {
  for (const [name, how, expected] of [
    ['SIGSEGV', SEGV, { signal: 'SIGSEGV' }],
    ['_exit(5)', byExitNow(5), { exitCode: 5 }],
  ] as const) {
    slow(
      `gives every chunk that came, then the error: ${name} after 1, 5 and 200 chunks, small and large`,
      async () => {
        await withLanes(ground, { maxDeaths: Infinity }, async (lib, pool) => {
          for (const [count, size] of [
            [1, 100],
            [5, 100],
            [200, 100],
            [40, 10_000],
            [20, 70_000],
          ] as const) {
            const stream = lib.ot_stream_then_die.stream(count, size, how);
            const { seen, error } = await read(stream);
            expect(seen).to.deep.equal(upTo(count));
            expect(error).to.be.instanceOf(LaneCrashedError);
            expect(error).to.include({ ...expected, symbol: 'ot_stream_then_die', phase: 'call' });
            expect(await stream.ended()).to.equal('failed');
            expect(await rejection(stream.result, LaneCrashedError)).to.equal(error);
          }
          expect((await read(lib.ot_stream_chunks.stream(10, 8))).seen).to.deep.equal(upTo(10));
          await fullAgain(pool, 1);
          expectBalance(pool);
        });
      },
    );
  }

  slow('killed while native code waits for a reader: what was buffered is still read', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      const pid = await lib.ot_process_id();
      const begun = words();
      const stream = lib.ot_stream_tracked.with({ highWaterMark: 8 }).stream(1_000, 10, begun);
      const reader = stream[Symbol.asyncIterator]();
      expect((await reader.next()).value?.[0]).to.equal(0);
      await reached(begun, 10);
      process.kill(pid, 'SIGKILL');
      await until(() => pool.stats().lanesCrashed === 1, 'the death to be noticed');
      const rest = { [Symbol.asyncIterator]: () => reader } as unknown as NativeStream<Buffer, number>;
      const { seen, error } = await read(rest);
      expect(seen).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(error).to.include({ signal: 'SIGKILL', pid, phase: 'call' });
      expect(await stream.ended()).to.equal('failed');
      expect(await lib.ot_add(1, 2), 'another lane answers').to.equal(3);
      expectBalance(pool);
    });
  });

  it('a handler gets the chunks, and the call the error', async () => {
    await withLanes(ground, {}, async (lib) => {
      const seen: number[] = [];
      const onChunk = (chunk: Buffer): unknown => seen.push(chunk[0] ?? -1);
      await crash(lib.ot_stream_then_die.with({ onChunk })(7, 16, SEGV));
      expect(seen).to.deep.equal(upTo(7));
    });
  });

  slow('one that nobody reads ends too, web streams fail, and no rejection is left unhandled', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      const reasons = await unhandled(async () => {
        const stream = lib.ot_stream_then_die.with({ highWaterMark: 8 }).stream(3, 16, SEGV);
        await until(() => pool.stats().lanesCrashed === 1, 'the death to be noticed');
        stream.cancel();
        expect(await stream.ended()).to.be.oneOf(['cancelled', 'failed']);
        const reader = lib.ot_stream_then_die.stream(3, 16, SEGV).readable().getReader();
        for (const value of upTo(3)) expect((await reader.read()).value?.[0]).to.equal(value);
        const error = await reader.read().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(error).to.be.instanceOf(LaneCrashedError);
      });
      expect(reasons).to.deep.equal([]);
      await fullAgain(pool, 1);
      expectBalance(pool);
    });
  });

  slow('killed among chunks of 1 MB: whole chunks in order, and no piece of the next', async () => {
    await withLanes(ground, { maxDeaths: Infinity }, async (lib) => {
      for (const after of [1, 4, 9]) {
        const pid = await lib.ot_process_id();
        const begun = words();
        const stream = lib.ot_stream_tracked.stream(2_000, 1 << 20, begun);
        const killed = reached(begun, after).then(() => process.kill(pid, 'SIGKILL'));
        const { seen, error } = await read(stream);
        await killed;
        expect(seen).to.deep.equal(upTo(seen.length));
        expect(error).to.include({ kind: 'crash', signal: 'SIGKILL', pid });
      }
      const { seen, error } = await read(lib.ot_stream_chunks.stream(5, 1 << 20));
      expect({ seen, error }).to.deep.equal({ seen: upTo(5), error: undefined });
    });
  });

  slow('other streams go on', async () => {
    await withLanes(ground, { lanes: 3, maxDeaths: Infinity }, async (lib, pool) => {
      for (let round = 0; round < 3; round++) {
        const [doomed, ...others] = await Promise.all([
          read(lib.ot_stream_then_die.stream(20, 64, SEGV)),
          read(lib.ot_stream_chunks.stream(2_000, 64)),
          read(lib.ot_stream_chunks.stream(2_000, 64)),
        ]);
        expect((doomed.error as LaneCrashedError).signal).to.equal('SIGSEGV');
        expect(doomed.seen).to.deep.equal(upTo(20));
        for (const { seen, error } of others) {
          expect(error).to.equal(undefined);
          expect(seen).to.deep.equal(upTo(2_000));
        }
      }
      await fullAgain(pool);
      expectBalance(pool);
    });
  });
});
