/** M3, M16: chunks through a callback that an earlier call on the lane installed, as curl_easy_setopt does. */
import { expect } from 'chai';
import { CallCancelledError, chunks } from 'offthread';
import { rejection, withLibrary } from '../../helpers/contract.js';
import { Gate } from '../../helpers/gate.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { BYTES, CHUNK, collect, expectClean, onCallbackEngines } from '../../helpers/talk.js';
import { until } from '../../helpers/waiting.js';

const withTalk = withLibrary({
  ...OFFTEST,
  ot_keep_sink: { arguments: [chunks(CHUNK, { ...BYTES, persistent: true })], return: 'void' },
  ot_pour: {
    arguments: ['i32', 'i32'],
    return: 'i32',
    stream: chunks(CHUNK, { ...BYTES, highWaterMark: 8 }),
  },
  pour_plainly: { symbol: 'ot_pour', arguments: ['i32', 'i32'], return: 'i32' },
});

onCallbackEngines('a sink that native code keeps', (engine) => {
  it('delivers to the stream that runs, one after the other', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      await lib.ot_keep_sink();
      for (const count of [0, 5, 100]) {
        const stream = lib.ot_pour.stream(count, 20);
        const all = await collect(stream);
        expect(all.map((chunk) => chunk[0])).to.deep.equal(Array.from({ length: count }, (_, i) => i));
        expect(await stream.result).to.equal(count);
      }
      const left = lib.ot_pour.stream(1_000_000, 20);
      for await (const chunk of left) if (chunk[0] === 20) break;
      expect(await left.ended()).to.equal('cancelled');
      let handled = 0;
      expect(await lib.ot_pour.with({ onChunk: () => (handled += 1) })(30, 5)).to.equal(30);
      expect(handled).to.equal(30);
      await expectClean(pool);
    });
  });

  it('holds native code back, and is released by cancelling', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      await lib.ot_keep_sink();
      const stream = lib.ot_pour.stream(1_000_000, 20);
      expect(stream.highWaterMark).to.equal(8);
      expect(await stream.ended({ timeout: 50 })).to.equal('timed-out');
      expect(stream.result.state).to.equal('running');
      stream.cancel();
      expect(await stream.ended()).to.equal('cancelled');
      await expectClean(pool);
    });
  });

  it('stops native code where no stream runs, and that is counted', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      await lib.ot_keep_sink();
      expect(await lib.pour_plainly(10, 5)).to.equal(0);
      expect(pool.stats().lateCallbacks).to.equal(1);
      expect(await collect(lib.ot_pour.stream(10, 5))).to.have.lengthOf(10);
      await expectClean(pool);
    });
  });

  it('is missing in a lane where nobody installed it', async () => {
    await withTalk(engine, { grace: 10 }, async (lib, pool) => {
      await lib.ot_keep_sink();
      const gate = new Gate();
      const stuck = gate.hold(lib);
      await gate.inside();
      stuck.cancel();
      await rejection(stuck, CallCancelledError);
      const stream = lib.ot_pour.stream(10, 5);
      expect(await collect(stream)).to.deep.equal([]);
      expect(await stream.result, 'native code keeps none').to.equal(-1);
      gate.open();
      await until(() => pool.stats().lanes.lost === 0, 'the lane to come back');
    });
  });
});
