import { expect } from 'chai';
import { delayAt, onTime, strip, underPulse } from '../../../src/cli/demo/heartbeat.js';

function freeze(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const wait = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

describe('cli: the pulse of an event loop', () => {
  it('sees a loop that is frozen', async () => {
    const pulse = await underPulse(10, () => freeze(200));
    expect(pulse.tookMs).to.be.within(195, 2_000);
    expect(pulse.ticks).to.be.empty;
    expect(pulse.delays).to.have.length.of.at.least(19);
    // Only the last tick that was due may have come within its 10 ms.
    expect(onTime(pulse)).to.be.at.most(1);
    expect(delayAt(pulse, 1)).to.be.at.least(185);
    expect(strip(pulse, 50)).to.not.include(true);
  });

  it('counts every tick that was due, once', async () => {
    let beats = 0;
    const pulse = await underPulse(
      10,
      async () => {
        await wait(60);
        freeze(60);
        await wait(60);
      },
      () => (beats += 1),
    );
    expect(pulse.delays.length).to.be.closeTo(Math.floor(pulse.tookMs / 10), 1);
    expect(delayAt(pulse, 1)).to.be.at.least(45);
    expect(delayAt(pulse, 0)).to.be.below(45);
    expect(strip(pulse, 1_000)).to.deep.equal([true]);
    expect(beats).to.be.at.least(pulse.ticks.length);
  });
});
