/**
 * M15, M24: a lane that dies ends the stream and the call that it served, with
 * an error, and takes nobody down.
 *
 * Its thread is ended from outside while native code waits in a callback.
 * node:ffi would end the process for that, so this is for koffi.
 */
import type { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { callback, chunks, LaneCrashedError } from 'offthread';
import { createPool } from '../../helpers/lane-kind.js';
import { contractEngines, rejection } from '../../helpers/contract.js';
import { BYTES, CHUNK, Held, NUMBER, words } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { until } from '../../helpers/waiting.js';

const engine = 'koffi';
const TALK = {
  ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
  ot_call_callback: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
  ot_stream_tracked: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32', 'buffer'], return: 'i32' },
} as const;

/** A pool of one lane, and that lane's thread. */
async function lane() {
  const threads: Worker[] = [];
  const seen = (thread: Worker): number => threads.push(thread);
  process.on('worker', seen);
  const pool = createPool({ lanes: 1, timeout: 8_000 });
  const lib = await pool.open(testlib, TALK, { engine });
  process.off('worker', seen);
  const kill = async (): Promise<void> => {
    await Promise.all(threads.map((thread) => thread.terminate()));
  };
  return { pool, lib, kill };
}

if (contractEngines.includes(engine)) {
  describe(`a lane that dies [${engine}]`, () => {
    it('ends its stream with an error, after the chunks that were there', async () => {
      const { pool, lib, kill } = await lane();
      const begun = words(1, 0);
      const stream = lib.ot_stream_tracked.with({ highWaterMark: 8 }).stream(1_000, 10, begun);
      const reader = stream[Symbol.asyncIterator]();
      expect((await reader.next()).value?.[0]).to.equal(0);
      await until(() => Atomics.load(begun, 0) === 10, 'native code to wait with its tenth chunk');
      await kill();
      await until(() => pool.stats().lanesCrashed === 1, 'the death to be noticed');
      const seen: number[] = [];
      let error: unknown;
      try {
        for (let next = await reader.next(); next.done !== true; next = await reader.next()) {
          seen.push(next.value[0] as number);
        }
      } catch (thrown) {
        error = thrown;
      }
      expect(error).to.be.instanceOf(LaneCrashedError);
      expect(seen).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(await stream.ended()).to.equal('failed');
      await rejection(stream.result, LaneCrashedError);
      expect(await lib.ot_add(1, 2), 'another lane answers').to.equal(3);
      expect(pool.stats()).to.include({ running: 0, queued: 0, failed: 1 });
      await pool.close();
    });

    it('ends its call while a function on the host is awaited; what that answers later is heard by nobody', async () => {
      const { pool, lib, kill } = await lane();
      const held = new Held();
      const call = lib.ot_call_callback(held.ask, 3);
      await held.waiting();
      await kill();
      await rejection(call, LaneCrashedError);
      held.answer(1);
      expect(await lib.ot_call_callback((n) => n, 3), 'another lane asks').to.equal(3);
      expect(pool.stats()).to.include({ running: 0, queued: 0, failed: 1, succeeded: 1 });
      await pool.close();
    });
  });
}
