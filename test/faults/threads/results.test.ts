/**
 * M4, M27: what a call brings back cannot be cloned, so it cannot
 * be posted to the host. That call fails and says so.
 */
import { expect } from 'chai';
import { contractEngines } from '../../helpers/contract.js';
import { runAgent } from './agent-program.js';

/** A text that is too long for its row comes by message. */
const MORE = `{ ot_long_owned: { arguments: ['i32'], return: { cstring: { free: 'ot_free' } } } }`;
const CLONE = /DataCloneError: .*could not be cloned/;

for (const engine of contractEngines) {
  describe(`a result that cannot be cloned [${engine}]`, () => {
    it('fails its call, which has run; the lane and the calls behind it go on', async () => {
      const end = await runAgent(
        engine,
        `
        const { lib } = await start({ timeout: 0 }, ${MORE});
        await (await tell('offthread-1', 'uncloneable-once')).met();
        keep(lib.ot_long_owned(5_000));
        for (let i = 0; i < 20; i++) keep(lib.ot_add(i, 1));
        await settled();
        notes.length = (await lib.ot_long_owned(6_000)).length;
        await report();
        `,
      );
      const error = end.records[0]?.error;
      expect(error).to.include({
        name: 'EngineError',
        code: 'OFFTHREAD_ENGINE_RESULT',
        symbol: 'ot_long_owned',
        lane: 'offthread-1',
        hasCall: true,
      });
      expect(error?.message).to.match(/ran in lane offthread-1, but its results could not be read/);
      expect(`${error?.cause?.name}: ${error?.cause?.message}`).to.match(CLONE);
      expect(end.records.slice(1).map(({ value }) => value)).to.deep.equal(
        Array.from({ length: 20 }, (_, i) => i + 1),
      );
      expect(end.notes).to.include({ length: 6_000 });
      expect(end.stats).to.include({ lanesCrashed: 0, failed: 1 });
    });

    it('and neither can anything else: the lane dies of it, and is replaced', async () => {
      const end = await runAgent(
        engine,
        `
        const { lib } = await start({ timeout: 0 }, ${MORE});
        await (await tell('offthread-1', 'uncloneable')).met();
        keep(lib.ot_long_owned(5_000));
        for (let i = 0; i < 20; i++) keep(lib.ot_add(i, 1));
        await settled();
        notes.length = (await lib.ot_long_owned(6_000)).length;
        await report();
        `,
      );
      const error = end.records[0]?.error;
      expect(error).to.include({ name: 'LaneCrashedError', symbol: 'ot_long_owned', lane: 'offthread-1' });
      expect(error?.message).to.match(/uncaught error \(TypeError: .*DataCloneError/);
      expect(`${error?.cause?.name}: ${error?.cause?.message}`).to.match(CLONE);
      expect(end.records.slice(1).map(({ value }) => value)).to.deep.equal(
        Array.from({ length: 20 }, (_, i) => i + 1),
      );
      expect(end.notes).to.include({ length: 6_000 });
      expect(end.crashes).to.have.lengthOf(1);
    });
  });
}
