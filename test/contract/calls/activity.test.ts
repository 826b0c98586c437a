/** B12: what each lane does at a moment. */
import { expect } from 'chai';
import { onEveryEngine, onThreadLanes, withPool } from '../../helpers/contract.js';
import { Gate } from '../../helpers/gate.js';

onEveryEngine('what lanes do', (engine) => {
  it('is told for each lane: the call that runs, and for how long', () =>
    withPool(engine, { lanes: 2 }, async (lib, pool) => {
      const gate = new Gate();
      const call = gate.hold(lib);
      const behind = lib.ot_add(1, 2);
      await gate.inside();
      await behind;
      const [busy, ...others] = pool.activity().filter(({ state }) => state === 'busy');
      expect(others).to.deep.equal([]);
      expect(busy?.call).to.include({ id: call.id, symbol: 'ot_enter_and_wait' });
      expect(busy?.call?.ranMs).to.be.at.least(0).and.below(60_000);
      await new Promise((resolve) => setTimeout(resolve, 2));
      const later = pool.activity().find(({ lane }) => lane === busy?.lane);
      expect(later?.call?.ranMs).to.be.above(busy?.call?.ranMs ?? 0);
      gate.open();
      await call;
      const idle = pool.activity();
      expect(idle.map(({ state }) => state)).to.deep.equal(['idle', 'idle']);
      expect(idle.map(({ call: none }) => none)).to.deep.equal([undefined, undefined]);
      const reports = await pool.laneReports();
      expect(idle.map(({ lane }) => lane).sort()).to.deep.equal(reports.map(({ lane }) => lane).sort());
    }));
});

onThreadLanes('what lost lanes do', (engine) => {
  it('has a lane that was given up, and the call that it is stuck in', () =>
    withPool(engine, { lanes: 1, grace: 0 }, async (lib, pool) => {
      const gate = new Gate();
      const call = gate.hold(lib);
      await gate.inside();
      call.cancel();
      await call.settled();
      const lost = pool.activity().find(({ state }) => state === 'lost');
      expect(lost?.call).to.include({ id: call.id, symbol: 'ot_enter_and_wait' });
    }));
});
