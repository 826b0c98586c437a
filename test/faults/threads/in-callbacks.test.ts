/**
 * M14, M15, M24: JavaScript goes wrong in the thread of a lane while
 * native code is in a callback, a record of its pipe reserved and not committed.
 *
 * What only throws is a failure of that call, and its lane goes on. What ends
 * the thread would end the process with node:ffi, so that is for koffi.
 */
import { expect } from 'chai';
import { FATAL_IN_CALLS } from './agent-faults.js';
import { expectVerdict, runAgent } from './agent-program.js';
import { contractEngines } from '../../helpers/contract.js';
import { sample } from '../../helpers/fast-run.js';

const MORE = `{
  ot_call_callback: { arguments: [callback({ arguments: ['i32'], return: 'i32' }), 'i32'], return: 'i32' },
  ot_stream_chunks: {
    arguments: [chunks({ arguments: ['i32', 'pointer', 'u32'], return: 'i32' }, { bytes: [1, 2], stop: 1 }), 'i32', 'i32'],
    return: 'i32',
  },
}`;
/** The step by which a record is committed to its pipe. */
const commits = (pipe: 'CALLS' | 'CHUNKS', nth = 1): string =>
  `{ method: 'store', index: inChannel(Channel.${pipe}_WRITE), nth: ${nth} }`;

for (const engine of contractEngines.filter((name) => name !== 'ffi-rs')) {
  describe(`a callback in which JavaScript goes wrong [${engine}]`, () => {
    for (const [fault, text] of [
      ['throw', 'kaboom'],
      ['overflow', 'Maximum call stack size exceeded'],
    ] as const) {
      it(`fails its call and says why (${fault}); the lane goes on`, async () => {
        const end = await runAgent(
          engine,
          `
          const { lib } = await start({ timeout: 0 }, ${MORE});
          await tell('offthread-1', '${fault}', ${commits('CALLS', 3)});
          const asked = [];
          keep(lib.ot_call_callback((n) => (asked.push(n), n), 10));
          keep(lib.ot_call_callback((n) => n, 5));
          await settled();
          notes.asked = asked;
          await report();
          `,
        );
        const error = end.records[0]?.error;
        expect(error).to.include({ name: 'HostFunctionError', symbol: 'ot_call_callback' });
        expect(error?.message).to.include(text);
        // The third may be asked: its answer is heard by nobody.
        expect((end.notes['asked'] as number[]).length).to.be.within(2, 3);
        expect(end.records[1]?.value).to.equal(10);
        expect(end.stats).to.include({ lanesCrashed: 0, failed: 1, succeeded: 1 });
      });
    }
  });
}

if (contractEngines.includes('koffi')) {
  describe('a lane whose thread ends in a callback [koffi]', () => {
    for (const { fault, title, args, inCalls: _, ...verdict } of sample(FATAL_IN_CALLS, 3)) {
      // Those are caught.
      if (fault === 'throw' || fault === 'overflow') continue;
      it(`${title}: fails its call, and no function on the host is left waiting`, async () => {
        const end = await runAgent(
          'koffi',
          `
          const { lib } = await start({ timeout: 0 }, ${MORE});
          await tell('offthread-1', '${fault}', ${commits('CALLS', 3)});
          const asked = [];
          keep(lib.ot_call_callback((n) => (asked.push(n), n), 10));
          keep(lib.ot_call_callback((n) => n, 5));
          keep(lib.ot_add(1, 2));
          await settled();
          notes.asked = asked;
          await report();
          `,
          args,
        );
        expectVerdict(end.records[0]?.error, verdict);
        expect(end.records[0]?.error).to.include({ symbol: 'ot_call_callback', lane: 'offthread-1' });
        expect(end.notes['asked']).to.deep.equal([0, 1]);
        expect(end.records.slice(1).map(({ value }) => value)).to.deep.equal([10, 3]);
        expect(end.crashes).to.have.lengthOf(1);
      });
    }

    it('ends its stream after the chunks that were there', async () => {
      const end = await runAgent(
        'koffi',
        `
        const { lib } = await start({ timeout: 0 }, ${MORE});
        const caught = await tell('offthread-1', 'park', ${commits('CHUNKS', 4)});
        const stream = lib.ot_stream_chunks.with({ highWaterMark: 8 }).stream(1_000, 10);
        await caught.met();
        caught.end();
        await crashed();
        notes.chunks = [];
        try {
          for await (const chunk of stream) notes.chunks.push(chunk[0]);
        } catch (error) {
          notes.error = describe(error);
        }
        keep(lib.ot_add(1, 2));
        await report();
        `,
      );
      expect(end.notes['chunks']).to.deep.equal([0, 1, 2]);
      expect(end.notes['error']).to.include({ name: 'LaneCrashedError', symbol: 'ot_stream_chunks' });
      expect(end.records[0]?.value).to.equal(3);
      expect(end.stats).to.include({ failed: 1, succeeded: 1 });
    });

    it('while it says that it waits for the host: what that answers is heard by nobody', async () => {
      const end = await runAgent(
        'koffi',
        `
        const { lib } = await start({ timeout: 0 }, ${MORE});
        const caught = await tell('offthread-1', 'park', {
          method: 'store', index: inChannel(Channel.WAITING), value: 1, after: true,
        });
        let answer;
        keep(lib.ot_call_callback(() => new Promise((resolve) => (answer = resolve)), 3));
        await caught.met();
        await until(() => answer !== undefined, 'the function on the host');
        caught.end();
        await crashed();
        answer(1);
        keep(lib.ot_call_callback((n) => n, 3));
        await report();
        `,
      );
      expect(end.records[0]?.error).to.include({ name: 'LaneCrashedError', symbol: 'ot_call_callback' });
      expect(end.records[1]?.value).to.equal(3);
    });
  });
}
