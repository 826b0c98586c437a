/** M15, M16, M18: rows streamed out of sqlite3_exec, whose callback gets them one by one. */
import { pipeline } from 'node:stream/promises';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { CallCancelledError, type Library, NativeError, type Pool } from 'offthread';
import { createPool } from '../helpers/lane-kind.js';
import { chunks, out } from 'offthread';
import { rejection } from '../helpers/contract.js';
import { onCallbackEngines } from '../helpers/talk.js';
import { slow } from '../helpers/fast-run.js';

const LIBSQLITE = process.platform === 'darwin' ? 'libsqlite3.dylib' : 'libsqlite3.so.0';

/** `int row(void *, int count, char **values, char **names)`; what is not 0 ends the query. */
const ROW = { arguments: ['pointer', 'i32', { cstrings: 1 }, { cstrings: 1 }], return: 'i32' } as const;
const SQLITE = {
  sqlite3_open: { arguments: ['cstring', out('pointer')], return: 'i32', fails: 'nonzero' },
  sqlite3_close: { arguments: ['pointer'], return: 'i32', fails: 'nonzero' },
  // No onCancel: what ends a query here is what its callback returns.
  sqlite3_exec: {
    arguments: ['pointer', 'cstring', chunks(ROW, { stop: 1 }), 'pointer', 'pointer'],
    return: 'i32',
    fails: 'nonzero',
    lastError: { symbol: 'sqlite3_errmsg', arguments: [0] },
  },
} as const;

const counting = (rows: number, what = 'n'): string =>
  `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${rows}) SELECT ${what} FROM c`;

onCallbackEngines('libsqlite3, rows as a stream', (engine) => {
  let pool: Pool;
  let sql: Library<typeof SQLITE>;
  let db = 0n;
  before(async () => {
    pool = createPool({ lanes: 1, grace: 10_000, timeout: 20_000 });
    sql = await pool.open(LIBSQLITE, SQLITE, { engine });
  });
  beforeEach(async () => {
    [, db] = await sql.sqlite3_open(':memory:');
  });
  // The pool has one lane: closing the database shows each time that it is free.
  afterEach(async () => {
    expect(await sql.sqlite3_close(db)).to.equal(0);
    expect(pool.stats().lanes).to.include({ total: 1, lost: 0 });
  });
  after(() => pool.close());

  const rows = (text: string): ReturnType<typeof sql.sqlite3_exec.stream> =>
    sql.sqlite3_exec.stream(db, text, 0n, 0n);

  /** The values of every row. */
  async function all(text: string): Promise<(string | null)[][]> {
    const found: (string | null)[][] = [];
    for await (const [, , values] of rows(text)) found.push(values);
    return found;
  }

  it('gives values and names of every row', async () => {
    for await (const [context, count, values, names] of rows("SELECT 1 AS one, 'two' AS two")) {
      expect([context, count, values, names]).to.deep.equal([0n, 2, ['1', 'two'], ['one', 'two']]);
    }
  });

  it('tells NULL from the empty string, and leaves every character as it is', async () => {
    const text = 'Grüße, 世界 🌍';
    expect(await all(`SELECT NULL, '', '${text}' UNION ALL SELECT '${text}', NULL, x'00'`)).to.deep.equal([
      [null, '', text],
      [text, null, ''],
    ]);
    const long = 'ä'.repeat(200_000);
    expect(await all(`SELECT '${long}', 1`)).to.deep.equal([[long, '1']]);
  });

  slow('keeps the order of a hundred thousand rows, and ends with what sqlite3_exec returned', async () => {
    const stream = rows(counting(100_000, "n, 'row ' || n"));
    let seen = 0;
    for await (const [, , [n, text]] of stream) {
      seen += 1;
      if (n !== String(seen) || text !== `row ${seen}`) expect.fail(`row ${seen} is ${n}, ${text}`);
    }
    expect(seen).to.equal(100_000);
    expect(await stream.result).to.equal(0);
    expect(await stream.ended()).to.equal('done');
  });

  it('takes the rows of several statements, and none of one without', async () => {
    expect(
      await all('SELECT 1; CREATE TABLE t (k); SELECT 2; INSERT INTO t VALUES (3); SELECT k FROM t'),
    ).to.deep.equal([['1'], ['2'], ['3']]);
    expect(await all('DELETE FROM t')).to.deep.equal([]);
  });

  it('ends a query of a million rows when its reader stops after ten', async () => {
    // A billion would take minutes: that this test ends shows that the query was ended.
    for (const many of [1_000_000, 1_000_000_000]) {
      const stream = rows(counting(many));
      const first: string[] = [];
      for await (const [, , [n]] of stream) {
        first.push(String(n));
        if (first.length === 10) break;
      }
      expect(first).to.deep.equal(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
      expect(await stream.ended()).to.equal('cancelled');
      await rejection(stream.result, CallCancelledError);
      expect(await all('SELECT 42'), 'the same database, in the same lane').to.deep.equal([['42']]);
    }
  });

  it('ends it a hundred times over, and at any row', async () => {
    for (let round = 0; round < 100; round++) {
      const stream = rows(counting(1_000_000_000));
      let seen = 0;
      for await (const _row of stream) if ((seen += 1) === round + 1) break;
      expect(await stream.ended()).to.equal('cancelled');
    }
  });

  it('ends one that nobody reads', async () => {
    const stream = rows(counting(1_000_000_000));
    expect(stream.cancel('not needed')).to.equal(true);
    expect(stream.cancel('twice')).to.equal(false);
    expect(await stream.ended()).to.equal('cancelled');
    expect((await rejection(stream.result, CallCancelledError)).cause).to.equal('not needed');
  });

  it('gives the rows before an error, then the error', async () => {
    const stream = rows(`${counting(500)}; SELECT 'last'; SELECT * FROM nowhere; SELECT 'never'`);
    const found: (string | null)[] = [];
    const read = async (): Promise<void> => {
      for await (const [, , [value]] of stream) found.push(value ?? null);
    };
    const error = await rejection(read(), NativeError);
    expect(error.lastError).to.equal('no such table: nowhere');
    expect(error.returned).to.equal(1);
    expect(found).to.have.length(501);
    expect(found.slice(-2)).to.deep.equal(['500', 'last']);
    expect(await stream.ended()).to.equal('failed');
  });

  it('runs a query of every row that is read, on a second database', async () => {
    // The native thread of the first query waits meanwhile: it needs another lane.
    const two = createPool({ lanes: 1, timeout: 20_000 });
    const both = await two.open(LIBSQLITE, SQLITE, { engine });
    const [, other] = await both.sqlite3_open(':memory:');
    const sums: (string | undefined | null)[] = [];
    for await (const [, , [n]] of sql.sqlite3_exec.stream(db, counting(20), 0n, 0n)) {
      for await (const [, , [sum]] of both.sqlite3_exec.stream(other, `SELECT ${n} + 1000`, 0n, 0n))
        sums.push(sum);
    }
    expect(sums).to.deep.equal(Array.from({ length: 20 }, (_, i) => String(1_001 + i)));
    await both.sqlite3_close(other);
    await two.close();
  });

  it('pipes as a web stream and through node:stream', async () => {
    let sum = 0;
    await rows(counting(1_000))
      .readable()
      .pipeTo(new WritableStream({ write: ([, , [n]]) => void (sum += Number(n)) }));
    expect(sum).to.equal(500_500);
    let text = '';
    await pipeline(
      rows(counting(10)),
      async function* (source: AsyncIterable<[bigint, number, (string | null)[], (string | null)[]]>) {
        for await (const [, , [n]] of source) yield `${n};`;
      },
      new Writable({
        write(piece: Buffer, _encoding, done) {
          text += piece.toString();
          done();
        },
      }),
    );
    expect(text).to.equal('1;2;3;4;5;6;7;8;9;10;');
  });

  it('hands rows to a function instead', async () => {
    let seen = 0;
    const { sqlite3_exec: exec } = sql;
    const result = await exec.with({ onChunk: () => void (seen += 1) })(db, counting(5_000), 0n, 0n);
    expect([result, seen]).to.deep.equal([0, 5_000]);
  });
});
