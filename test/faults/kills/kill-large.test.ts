/** B2: lanes killed amid large arguments, texts and chunks: no deadlock, and nothing torn afterwards. */
import { expect } from 'chai';
import { CallCancelledError, chunks } from 'offthread';
import { rejection } from '../../helpers/contract.js';
import { expectBalance, fullAgain, gone, lanesWith, onProcessLanes, words } from '../../helpers/faults.js';
import { FAULTS, SEGV } from '../../helpers/fault-functions.js';
import { fnv } from '../../helpers/oracle.js';
import { BYTES, CHUNK, randomFrom } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until, wait } from '../../helpers/waiting.js';

const withLanes = lanesWith(testlib, {
  ...FAULTS,
  ot_stream_chunks: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32'], return: 'i32' },
});
const LARGE = 64 << 20;
const large = (): Buffer => Buffer.alloc(LARGE, 'a large argument ');

onProcessLanes('a large argument or result while its lane is killed (B2)', (ground) => {
  slow('64 MB, in a call that hangs', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      const bytes = large();
      const sum = fnv(bytes);
      const pid = await lib.ot_process_id();
      const seen = words();
      const call = lib.ot_hang_with(bytes, bytes.length, seen);
      await until(() => Atomics.load(seen, 0) !== 0, 'native code to have read it');
      expect(Atomics.load(seen, 0) >>> 0, 'it came whole').to.equal(sum);
      call.cancel();
      await rejection(call, CallCancelledError);
      await gone([pid]);
      expect(await lib.ot_checksum(bytes, bytes.length), 'again, in another lane').to.equal(sum);
      await fullAgain(pool, 1);
      expectBalance(pool);
    });
  });

  slow('64 MB, cancelled at any moment of its way', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      const bytes = large();
      const sum = fnv(bytes);
      const random = randomFrom(3);
      for (let round = 0; round < 6; round++) {
        const call = lib.ot_checksum(bytes, bytes.length);
        const ended = call.settled();
        await wait(random() * 60);
        call.cancel();
        const { status, value } = await ended;
        expect(status).to.be.oneOf(['succeeded', 'cancelled']);
        if (status === 'succeeded') expect(value).to.equal(sum);
        expect(await lib.ot_add(round, 1), 'the next one is answered').to.equal(round + 1);
      }
      expect(await lib.ot_checksum(bytes, bytes.length)).to.equal(sum);
      await fullAgain(pool, 1);
      expectBalance(pool);
    });
  });

  slow('a text of 8 MB, with a timeout at any moment of its way', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      const length = 8 << 20;
      const whole = (text: string | null | undefined): void => {
        expect(text?.length).to.equal(length);
        expect(text?.slice(-26)).to.equal(text?.slice(-52, -26));
      };
      for (const timeout of [1, 3, 6, 10, 15, 25, 40]) {
        const call = lib.ot_long_owned.with({ timeout })(length);
        const { status, value } = await call.settled();
        expect(status).to.be.oneOf(['succeeded', 'timed-out']);
        if (status === 'succeeded') whole(value);
        expect(await lib.ot_add(timeout, 1)).to.equal(timeout + 1);
      }
      whole(await lib.ot_long_owned(length));
      await fullAgain(pool, 1);
      expectBalance(pool);
    });
  });

  slow('several MB each in several lanes at once, all killed', async () => {
    await withLanes(ground, { lanes: 3 }, async (lib, pool) => {
      const bytes = large().subarray(0, 8 << 20);
      const sum = fnv(bytes);
      const seen = [words(), words(), words()];
      const calls = seen.map((one) => lib.ot_hang_with(bytes, bytes.length, one));
      const behind = lib.ot_checksum(bytes, bytes.length);
      await until(() => seen.every((one) => Atomics.load(one, 0) !== 0), 'all to have read theirs');
      for (const call of calls) call.cancel();
      await Promise.all(calls.map((call) => rejection(call, CallCancelledError)));
      for (const one of seen) expect(Atomics.load(one, 0) >>> 0).to.equal(sum);
      expect(await behind).to.equal(sum);
      await fullAgain(pool, 1);
      expect(pool.stats()).to.include({ lanesKilled: 3, cancelled: 3 });
      expectBalance(pool);
    });
  });

  it('chunks of 1 MB, given up by their reader', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      for (let round = 0; round < 3; round++) {
        let seen = 0;
        for await (const chunk of lib.ot_stream_chunks.stream(100, 1 << 20)) {
          expect(chunk.length).to.equal(1 << 20);
          expect([chunk[0], chunk[chunk.length - 1]]).to.deep.equal([seen, seen]);
          seen += 1;
          if (seen === 3 + round) break;
        }
        const next: number[] = [];
        for await (const chunk of lib.ot_stream_chunks.stream(4, 1 << 20)) next.push(chunk[0] ?? -1);
        expect(next, 'no chunk of the one before').to.deep.equal([0, 1, 2, 3]);
      }
      await fullAgain(pool, 1);
      expectBalance(pool);
    });
  });

  slow('64 MB, and the call crashes: its digest stays small', async () => {
    await withLanes(ground, {}, async (lib) => {
      const bytes = large();
      const { error } = await lib.ot_complain_raw(bytes, 0, SEGV).settled();
      expect(error).to.include({ kind: 'crash' });
      const { digest = '' } = error as { digest?: string };
      expect(digest.length).to.be.within(1, 200);
      expect(await lib.ot_checksum(bytes, bytes.length)).to.equal(fnv(bytes));
    });
  });
});
