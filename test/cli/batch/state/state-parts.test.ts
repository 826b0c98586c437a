/** B9: what a state directory is made of. */
import { appendFileSync, readFileSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { Unusable } from '../../../../src/cli/batch/input/item-arguments.js';
import { EMPTY, OutputFile } from '../../../../src/cli/batch/output/output-file.js';
import { EndedItems } from '../../../../src/cli/batch/state/ended-items.js';
import { writeKey } from '../../../../src/cli/batch/state/item-key.js';
import { type CommitRecord, Journal, readJournal } from '../../../../src/cli/batch/state/journal.js';
import { type RunIdentity, changesSince, newManifest } from '../../../../src/cli/batch/state/manifest.js';
import { UsageError } from '../../../../src/cli/console/usage-error.js';
import { BatchFiles } from '../batch-files.js';

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of source) list.push(one);
  return list;
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

const record = (before: number): CommitRecord => ({
  before,
  beyond: [],
  failed: 0,
  keyed: before,
  keys: 'AAAAAAAAAAA=',
  files: { out: { bytes: before, tail: 1 } },
});

const IDENTITY: RunIdentity = {
  library: { name: 'libmine.so', file: '/lib/libmine.so', build: 'build-id:1' },
  declaration: { text: 'int f(int)', key: 'f' },
  input: { format: 'ndjson', header: true, args: [] },
  shard: { first: 0, count: 1 },
  output: { values: false, ordered: true },
  files: { out: '/out', deadLetter: null, log: null },
};

describe('cli: parts of a state directory (B9)', () => {
  it('ended items: the same as a set, whatever their order, also when they are read back', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(Array.from({ length: 60 }, (_, at) => at)),
        fc.nat(60),
        (positions, cut) => {
          const ended = new EndedItems();
          for (const position of positions.slice(0, cut)) ended.add(position);
          const back = new EndedItems(ended.before, ended.beyond);
          for (const position of positions.slice(cut)) back.add(position);
          const set = new Set(positions);
          expect(back.count).to.equal(set.size);
          for (let at = 0; at < 61; at += 1) expect(back.has(at)).to.equal(set.has(at));
          expect(set.has(back.before)).to.equal(false);
          expect(back.end).to.equal(Math.max(-1, ...positions) + 1);
          expect(back.beyond.every(([from]) => from > back.before)).to.equal(true);
        },
      ),
    );
  });

  it('a journal has its whole records, wherever it was torn', async () => {
    const files = new BatchFiles();
    const path = files.path('journal');
    expect(await all(readJournal(path))).to.deep.equal([]);
    let journal = await Journal.open(path, 0);
    for (const before of [1, 2, 3]) await journal.append(record(before));
    await journal.close();
    const read = await all(readJournal(path));
    expect(read.map((one) => one.record)).to.deep.equal([1, 2, 3].map(record));
    const ends = read.map(({ end }) => end);
    expect(ends[2]).to.equal(statSync(path).size);
    const text = readFileSync(path);
    for (let bytes = text.length - 1; bytes >= 0; bytes -= 1) {
      truncateSync(path, bytes);
      const whole = ends.filter((end) => end <= bytes).length;
      expect((await all(readJournal(path))).length, `${bytes} bytes`).to.equal(whole);
    }
    const flipped = Buffer.from(text);
    flipped[(ends[0] as number) + 20] = (flipped[(ends[0] as number) + 20] as number) ^ 1;
    writeFileSync(path, flipped);
    expect((await all(readJournal(path))).length, 'a record with a wrong bit').to.equal(1);
    journal = await Journal.open(path, ends[0] as number);
    await journal.append(record(9));
    await journal.close();
    expect((await all(readJournal(path))).map((one) => one.record.before)).to.deep.equal([1, 9]);
  });

  it('keys tell arguments apart', () => {
    const seen = new Map<string, string>();
    const lists: (unknown[] | Unusable)[] = [
      [],
      [0],
      [1],
      [2],
      [0, 0],
      [1, 2],
      [2, 1],
      ['1'],
      ['12'],
      ['1', '2'],
      ['', ''],
      [''],
      [null],
      [true],
      [false],
      [1n],
      ['1n'],
      [0.5],
      [-1],
      [2 ** 40],
      [2 ** 53],
      [Buffer.from('1')],
      [Buffer.alloc(0)],
      [Buffer.alloc(1)],
      [Buffer.alloc(1_000)],
      [Buffer.alloc(1_000, 1)],
      [Buffer.alloc(1_001)],
      [{ a: 1 }],
      [{ a: 2 }],
      [[1, 2]],
      new Unusable('x'),
      ...Array.from({ length: 20_000 }, (_, at) => [at + 3, at * 7]),
    ];
    for (const args of lists) {
      const keys = new Uint32Array(2);
      writeKey(keys, 0, args, 'text');
      const again = new Uint32Array(2);
      writeKey(again, 0, args, 'text');
      expect(again).to.deep.equal(keys);
      expect(
        seen.get(keys.join()),
        JSON.stringify(args, (_, one: unknown) => (typeof one === 'bigint' ? `${one}` : one)),
      ).to.equal(undefined);
      seen.set(keys.join(), 'seen');
    }
  });

  it('an output is cut back to its mark, and known by its length and its last bytes', async () => {
    const files = new BatchFiles();
    const path = files.path('out');
    const out = await OutputFile.open(path, EMPTY);
    const text = Array.from({ length: 3_000 }, (_, at) => `line ${at} with ä\n`);
    for (const line of text.slice(0, 2_000)) out.add(line);
    const mark = out.cut();
    for (const line of text.slice(2_000)) out.add(line);
    await out.flush();
    await out.sync();
    await out.close();
    expect(files.text('out')).to.equal(text.join(''));
    const again = await OutputFile.open(path, mark);
    again.add('more\n');
    expect(again.cut().bytes).to.equal(mark.bytes + 5);
    await again.flush();
    await again.close();
    expect(files.text('out')).to.equal(`${text.slice(0, 2_000).join('')}more\n`);
    const whole = readFileSync(path);
    for (const other of [
      whole.subarray(0, mark.bytes - 1),
      Buffer.from(whole).fill('x', mark.bytes - 9, mark.bytes - 8),
    ]) {
      writeFileSync(path, other);
      const error = await failure(OutputFile.open(path, mark));
      expect(error).to.be.instanceOf(UsageError);
      expect(error.message).to.match(/has been changed since the run wrote it/);
      expect(readFileSync(path)).to.deep.equal(other);
    }
  });

  it('an output that another program cuts off or removes ends the run', async () => {
    const files = new BatchFiles();
    for (const harm of [(path: string) => truncateSync(path, 1), unlinkSync]) {
      const out = await OutputFile.open(files.path('out'), EMPTY);
      out.add('some lines\n');
      await out.flush();
      harm(files.path('out'));
      expect((await failure(out.sync())).message).to.match(/by another program while the run was writing it/);
      await out.close();
    }
    appendFileSync(files.path('out'), '');
  });

  it('names everything that is not as it was', () => {
    const before = newManifest(IDENTITY, null, null);
    expect(changesSince(before, IDENTITY)).to.deep.equal([]);
    const moved = { ...IDENTITY, library: { ...IDENTITY.library, file: '/other/libmine.so' } };
    expect(changesSince(before, moved), 'the same build elsewhere').to.deep.equal([]);
    for (const [now, what, again] of [
      [
        { library: { ...IDENTITY.library, build: 'build-id:2' } },
        /the library: it was .*1\), and is .*2\)/,
        true,
      ],
      [{ declaration: { text: 'int g(int)', key: 'g' } }, /'int f\(int\)', and is 'int g\(int\)'/, true],
      [{ input: { ...IDENTITY.input, args: ['a=.b'] } }, /--arg/, true],
      [{ output: { values: false, ordered: false } }, /--unordered/, false],
      [{ shard: { first: 1, count: 2 } }, /it was 1\/1, and is 2\/2/, false],
      [{ files: { ...IDENTITY.files, out: '/other' } }, /--out: it was \/out, and is \/other/, false],
      [{ files: { ...IDENTITY.files, log: '/log' } }, /--log: it was not given, and is \/log/, false],
    ] as const) {
      const [change, ...more] = changesSince(before, { ...IDENTITY, ...now });
      expect(more).to.deep.equal([]);
      expect(change?.what).to.match(what);
      expect(change?.runsAgain).to.equal(again);
    }
  });
});
