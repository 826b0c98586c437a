/** B12: results of a command, and readers that are slow, that go away, and that fail. */
import { PassThrough, Writable } from 'node:stream';
import { expect } from 'chai';
import { Output } from '../../../src/cli/console/output.js';

describe('cli: output', () => {
  it('waits for a reader that is slow', async () => {
    const stream = new PassThrough({ highWaterMark: 4 });
    const output = new Output(stream);
    let written = false;
    const writing = output.write('more than four').then(() => (written = true));
    await new Promise(setImmediate);
    expect(written).to.equal(false);
    stream.resume();
    await writing;
  });

  it('takes a reader that goes away for the end, not for a failure', async () => {
    const gone = Object.assign(new Error('gone'), { code: 'EPIPE' });
    const stream = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => done(gone) });
    const output = new Output(stream);
    await output.write('a text');
    expect(output.closed).to.equal(true);
    await output.write('another');
    await output.flush();
  });

  it('rejects with what the stream failed with', async () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const stream = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => done(full) });
    const output = new Output(stream);
    const failure = await output.write('a text').then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).to.equal(full);
  });
});
