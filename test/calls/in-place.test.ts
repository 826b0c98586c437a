/** M31: a blocking call made inside a lane runs in place, and never waits for another lane. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';

describe('a blocking call inside a lane', () => {
  it('runs on the lane’s own thread, with everything a call has (M31)', async () => {
    const worker = new Worker(new URL('./in-place-lane.js', import.meta.url));
    const [answer] = (await once(worker, 'message')) as [unknown];
    expect(answer).to.deep.equal({
      sum: 5,
      here: true,
      text: 'é'.repeat(1_000),
      failure: 'ENOENT',
      wrong: 'OFFTHREAD_ARGUMENT',
      small: [0xfe, 0xfd, 0xfc],
      large: true,
      awaited: 50,
      // The awaited one, and five that ran in place.
      succeeded: 6,
    });
    const [code] = (await once(worker, 'exit')) as [number];
    expect(code).to.equal(0);
  });
});
