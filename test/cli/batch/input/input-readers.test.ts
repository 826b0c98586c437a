/** M35, B10: how inputs are read. */
import { expect } from 'chai';
import fc from 'fast-check';
import { csvReader } from '../../../../src/cli/batch/input/csv-reader.js';
import { formatOf } from '../../../../src/cli/batch/input/input-format.js';
import { readNdjson } from '../../../../src/cli/batch/input/ndjson-reader.js';
import type { InputRecord, RecordReader } from '../../../../src/cli/batch/input/records.js';
import { shardOf } from '../../../../src/cli/batch/input/shard.js';
import { parsePath, valueAt } from '../../../../src/cli/batch/input/value-path.js';
import { UsageError } from '../../../../src/cli/console/usage-error.js';

async function* inPieces(text: string, bytes: number): AsyncGenerator<string, void> {
  for (let at = 0; at < text.length; at += bytes) yield text.slice(at, at + bytes);
}

async function recordsOf(reader: RecordReader, text: string, bytes = 7): Promise<InputRecord[]> {
  const all: InputRecord[] = [];
  for await (const some of reader(inPieces(text, bytes))) all.push(...some);
  return all;
}

describe('cli: inputs of a batch (M35)', () => {
  it('NDJSON is the same wherever its text is cut; a broken line is a record with its text', async () => {
    const value = fc.oneof(
      fc.array(fc.integer()),
      fc.string(),
      fc.constant(null),
      fc.dictionary(fc.string(), fc.double()),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(value),
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom('\n', '\r\n', '\n\n'),
        async (values, bytes, end) => {
          const lines = values.map((one) => JSON.stringify(one));
          const records = await recordsOf(readNdjson, lines.join(end), bytes);
          expect(records.map((record) => record.value)).to.deep.equal(
            lines.map((line) => JSON.parse(line) as unknown),
          );
        },
      ),
      { numRuns: 50 },
    );
    const [first, broken, last] = await recordsOf(readNdjson, '1\n{"a": \r\n3');
    expect([first?.value, last?.value]).to.deep.equal([1, 3]);
    expect(broken).to.include({ text: '{"a": ' });
    expect(broken?.problem).to.match(/no valid JSON/);
  });

  it('CSV has its cells by name or in order; rows that cannot be read do not take others along', async () => {
    const text = 'a,"b, c"\n1,"two\nlines"\n3\n"4"x,5\n6,"say ""hi"""\n';
    const records = await recordsOf(csvReader({ header: true, delimiter: ',' }), text);
    expect(records.map((record) => record.value)).to.deep.equal([
      { a: '1', 'b, c': 'two\nlines' },
      undefined,
      { a: '"4"x', 'b, c': '5' },
      { a: '6', 'b, c': 'say "hi"' },
    ]);
    expect(records[1]).to.include({ problem: 'The row has 1 cells, and the header 2.', text: '3' });
    const rows = await recordsOf(csvReader({ header: false, delimiter: '\t' }), '1\t2\n3\t4');
    expect(rows.map((record) => record.value)).to.deep.equal([
      ['1', '2'],
      ['3', '4'],
    ]);
    const open = await recordsOf(csvReader({ header: false, delimiter: ',' }), '1\n"2\n3\n');
    expect(open.map(({ value, problem }) => value ?? problem)).to.have.lengthOf(2);
    expect(open[1]?.problem).to.match(/no valid CSV/);
  });

  it('the format is that of the name, or the one that was asked for', () => {
    expect(formatOf(undefined, undefined)).to.equal('ndjson');
    expect(formatOf(undefined, 'a/b.JSONL')).to.equal('ndjson');
    expect(formatOf(undefined, 'b.tsv')).to.equal('tsv');
    expect(formatOf('csv', 'b.data')).to.equal('csv');
    expect(() => formatOf(undefined, process.execPath)).to.throw(UsageError, /--format/);
    expect(() => formatOf(undefined, 'b.data')).to.throw(UsageError, /does not exist/);
  });

  it('paths lead into values', () => {
    const value = { user: { age: 4, 'odd name': [7, { x: 0 }] }, list: [1, [2]] };
    for (const [path, found] of [
      ['.', value],
      ['.user.age', 4],
      ['.user["odd name"][1].x', 0],
      ['.list[1][0]', 2],
      ['.list.[0]', 1],
      ['.user.constructor', undefined],
      ['.list[7].x', undefined],
    ] as const) {
      expect(valueAt(value, parsePath(path, '--arg')), path).to.deep.equal(found);
    }
    for (const path of ['user', '', '.a b', '.a[', '.a[-1]', '..a']) {
      if (path !== '')
        expect(() => parsePath(path, '--arg'), path).to.throw(UsageError, /--arg has the path/);
    }
  });

  it('a shard is given, or comes from the scheduler (B10)', () => {
    expect(shardOf('1/3', {})).to.deep.equal({ first: 0, count: 3 });
    expect(shardOf('auto/4', { JOB_COMPLETION_INDEX: '3' })).to.deep.equal({ first: 3, count: 4 });
    const aws = { AWS_BATCH_JOB_ARRAY_INDEX: '0', AWS_BATCH_JOB_ARRAY_SIZE: '10' };
    expect(shardOf('auto', aws)).to.deep.equal({ first: 0, count: 10 });
    const slurm = { SLURM_ARRAY_TASK_ID: '7', SLURM_ARRAY_TASK_MIN: '5', SLURM_ARRAY_TASK_COUNT: '3' };
    expect(shardOf('auto', slurm)).to.deep.equal({ first: 2, count: 3 });
    for (const [text, env, why] of [
      ['0/3', {}, /from 1/],
      ['4/3', {}, /1 to 3/],
      ['2', {}, /I\/N/],
      ['1/2/3', {}, /I\/N/],
      ['a/2', {}, /--shard/],
      ['auto', {}, /SLURM_ARRAY_TASK_ID/],
      ['auto', { JOB_COMPLETION_INDEX: '1' }, /auto\/N/],
      ['auto/2', { JOB_COMPLETION_INDEX: '2' }, /none of 2 jobs/],
      ['auto/2', { JOB_COMPLETION_INDEX: 'x' }, /JOB_COMPLETION_INDEX/],
    ] as const) {
      expect(() => shardOf(text, env), text).to.throw(UsageError, why);
    }
  });
});
