/** B10: shards of a batch, and `offthread merge`. */
import { expect } from 'chai';
import { runCli } from '../../helpers/command-line.js';
import { testlib } from '../../helpers/testlib.js';
import { BatchFiles, rowsOf } from '../batch/batch-files.js';

const ID = [testlib, 'int ot_id_i32(int value)'];
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const lines = (...indices: number[]): string =>
  indices.map((index) => `{"index":${index},"value":${index}}\n`).join('');

describe('cli: offthread merge (B10)', () => {
  it('joins the shards of a job array in the order of the items, and knows from their state that none is missing', async () => {
    const files = new BatchFiles();
    const input = files.items('in.ndjson', numbers(20));
    const states = numbers(3).map((shard) => files.path(`state-${shard}`));
    const shards = states.map((state, shard) =>
      runCli(
        [
          'batch',
          ...ID,
          '--in',
          input,
          '--shard',
          'auto/3',
          '--state',
          state,
          '--out',
          files.path(`part-${shard}`),
          '--quiet',
        ],
        {
          env: { JOB_COMPLETION_INDEX: String(shard) },
        },
      ),
    );
    for (const end of await Promise.all(shards)) expect(end).to.include({ code: 0, stderr: '' });
    expect(files.rows('part-1').map(({ index, value }) => [index, value])).to.deep.equal(
      [1, 4, 7, 10, 13, 16, 19].map((at) => [at, at]),
    );
    const end = await runCli(['merge', ...states, '--out', files.path('all'), '--json']);
    expect(end.code, end.stderr).to.equal(0);
    expect(rowsOf(end.stderr)).to.deep.equal([{ items: 20, failed: 0, twice: 0, missing: [] }]);
    expect(files.rows('all').map(({ index }) => index)).to.deep.equal(numbers(20));
  });

  it('says what is missing and what is there twice, and what it cannot know', async () => {
    const files = new BatchFiles();
    const one = files.write('one', `${lines(0, 3, 4)}{"index":9,"error":{"kind":"crash"}}\n{"index":1`);
    const other = files.write('other', lines(1, 4));
    const end = await runCli(['merge', one, other]);
    expect(end.code).to.equal(1);
    expect(rowsOf(end.stdout).map(({ index }) => index)).to.deep.equal([0, 1, 3, 4, 9]);
    expect(end.stderr)
      .to.match(/5 items, 1 of them failed\n/)
      .and.match(/missing: 5 items: 2, 5-8\n/);
    expect(end.stderr)
      .to.match(/1 item more than once/)
      .and.match(/behind 9 is not known: add --items/);
    const known = await runCli(['merge', one, other, '--items', '12', '--quiet']);
    expect(known).to.include({ code: 1, stderr: '' });
  });

  it('refuses what is no result, and joins unordered ones only when asked to', async () => {
    const files = new BatchFiles();
    const mixed = files.write('mixed', lines(2, 0, 1));
    const values = files.write('values', '1\n2\n');
    const refused = await runCli(['merge', mixed]);
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.match(/not in the order of their items: 0 comes after 2/);
    expect((await runCli(['merge', mixed, '--unordered'])).stdout).to.equal(lines(2, 0, 1));
    const wrong = await runCli(['merge', values]);
    expect(wrong.stderr).to.match(/Line 1 of .*values is no result/);
  });
});
