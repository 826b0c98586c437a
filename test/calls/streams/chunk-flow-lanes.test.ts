/** M3, M15: a flow of chunks and the lanes that it comes from: one that dies, one that it leaves, one that others use. */
import { expect } from 'chai';
import { LaneCrashedError } from '../../../src/errors.js';
import { FlowBench, turn } from './flow-bench.js';

describe('ChunkFlow and its lane', () => {
  it('a lane that dies while a cancelled call comes back leaves no reader without an answer', async () => {
    const bench = new FlowBench();
    bench.attach();
    bench.read();
    bench.call.cancel();
    bench.channel.arrive(0);
    bench.call.settle('failed', undefined, new LaneCrashedError('gone.'));
    await turn();
    await turn();
    expect([bench.pending, bench.endings.length]).to.deep.equal([0, 1]);
  });

  it('a call that is taken back lets go of its lane: the stream that is there now is rung for', async () => {
    const first = new FlowBench(null, 5);
    const second = new FlowBench(null, 6);
    first.attach();
    first.read();
    first.call.lane = null;
    first.flow.detach();
    second.attach(first.lane);
    second.read();
    expect(first.channel.wanted).to.equal(true);
    first.call.cancel();
    await turn();
    expect(first.channel.wanted, 'after the other has ended').to.equal(true);
    first.channel.arrive('chunk');
    expect([first.channel.rings, second.look()]).to.deep.equal([1, 1]);
    await turn();
    expect([first.log, second.log]).to.deep.equal([['settled', first.call.error], ['chunk']]);
  });

  it('chunks behind those of this call are left to the next', async () => {
    const first = new FlowBench(null, 5);
    first.attach();
    first.channel.arrive('own');
    first.channel.generation = 6;
    first.channel.arrive('of the next');
    first.end('succeeded');
    first.read();
    first.read();
    await turn();
    expect(first.log).to.have.members(['own', 'done', 'settled']);
    expect(first.channel.queue.map(({ value }) => value)).to.deep.equal(['of the next']);
  });
});
