/** M19, M20, M24: SQL that calls JavaScript, which awaits what it answers: sqlite3_create_function. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Library, type PersistentCallback, type Pool } from 'offthread';
import { HostFunctionError, callback, chunks, createPool, out, persistent } from 'offthread';
import { rejection } from '../helpers/contract.js';
import { onCallbackThreads } from '../helpers/talk.js';
import { wait } from '../helpers/waiting.js';

const LIBSQLITE = process.platform === 'darwin' ? 'libsqlite3.dylib' : 'libsqlite3.so.0';
const SQLITE_UTF8 = 1;
/** The text is copied before sqlite3_result_text returns. */
const SQLITE_TRANSIENT = -1n;

const ROW = { arguments: ['pointer', 'i32', { cstrings: 1 }, { cstrings: 1 }], return: 'i32' } as const;
/** `void function(sqlite3_context *, int count, sqlite3_value **)` */
const FUNCTION = { arguments: ['pointer', 'i32', { pointers: 1 }], return: 'void' } as const;

const DATABASE = {
  open: { symbol: 'sqlite3_open', arguments: ['cstring', out('pointer')], return: 'i32', fails: 'nonzero' },
  closeDatabase: { symbol: 'sqlite3_close', arguments: ['pointer'], return: 'i32', fails: 'nonzero' },
  exec: {
    symbol: 'sqlite3_exec',
    arguments: ['pointer', 'cstring', chunks(ROW, { stop: 1 }), 'pointer', 'pointer'],
    return: 'i32',
    fails: 'nonzero',
    lastError: { symbol: 'sqlite3_errmsg', arguments: [0] },
  },
  createFunction: {
    symbol: 'sqlite3_create_function',
    arguments: ['pointer', 'cstring', 'i32', 'i32', 'pointer', callback(FUNCTION), 'pointer', 'pointer'],
    return: 'i32',
    fails: 'nonzero',
  },
  createCollation: {
    symbol: 'sqlite3_create_collation',
    // int compare(void *, int length, const void *, int length, const void *)
    arguments: [
      'pointer',
      'cstring',
      'i32',
      'pointer',
      callback({ arguments: ['pointer', 'i32', { bytes: 1 }, 'i32', { bytes: 3 }], return: 'i32' }),
    ],
    return: 'i32',
    fails: 'nonzero',
  },
  commitHook: {
    symbol: 'sqlite3_commit_hook',
    arguments: ['pointer', callback({ arguments: ['pointer'], return: 'i32' }), 'pointer'],
    return: 'pointer',
  },
} as const;

/**
 * What a function reads its arguments and gives its result with. They take no
 * lock: the connection is held by the thread that waits for the function.
 * SQLite's manual wants them called on that very thread, and its debug builds
 * insist; the libraries that systems ship do not.
 */
const VALUES = {
  integer: { symbol: 'sqlite3_value_int64', arguments: ['pointer'], return: 'i64' },
  text: { symbol: 'sqlite3_value_text', arguments: ['pointer'], return: 'cstring' },
  resultInteger: { symbol: 'sqlite3_result_int64', arguments: ['pointer', 'i64'], return: 'void' },
  resultText: {
    symbol: 'sqlite3_result_text',
    arguments: ['pointer', 'cstring', 'i32', 'i64'],
    return: 'void',
  },
} as const;

type SqlFunction = (context: bigint, count: number, values: bigint[]) => unknown;

onCallbackThreads('libsqlite3, functions in JavaScript', (engine) => {
  let pool: Pool;
  let helpers: Pool;
  let sql: Library<typeof DATABASE>;
  let values: Library<typeof VALUES>;
  let server: Server;
  let base = '';
  let folder = '';
  let db = 0n;
  let made: PersistentCallback[] = [];

  before(async () => {
    // What SQLite keeps is called in the lane that it was given in: one lane for the database,
    // and other lanes for what a function calls while that one waits.
    pool = createPool({ lanes: 1, timeout: 20_000, grace: 10_000 });
    helpers = createPool({ lanes: 2 });
    sql = await pool.open(LIBSQLITE, DATABASE, { engine });
    values = await helpers.open(LIBSQLITE, VALUES, { engine });
    server = createServer((request, response) => response.end(`answer to ${request.url}`));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    folder = await mkdtemp(join(tmpdir(), 'offthread-sqlite-'));
  });
  after(async () => {
    await pool.close();
    await helpers.close();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    [, db] = await sql.open(':memory:');
  });
  afterEach(async () => {
    expect(await sql.closeDatabase(db), 'the lane of the database is free').to.equal(0);
    for (const one of made) one.close();
    made = [];
    expect(pool.stats().lanes).to.include({ total: 1, lost: 0 });
  });

  /** Makes a function known to SQL. */
  async function define(name: string, count: number, fn: SqlFunction): Promise<void> {
    const kept = persistent(fn);
    made.push(kept);
    await sql.createFunction(db, name, count, SQLITE_UTF8, 0n, kept, 0n, 0n);
  }

  async function rows(text: string): Promise<(string | null)[][]> {
    const found: (string | null)[][] = [];
    for await (const [, , row] of sql.exec.stream(db, text, 0n, 0n)) found.push(row);
    return found;
  }

  it('answers with what it got over HTTP and from a file', async () => {
    for (const name of ['a', 'b', 'c']) await writeFile(join(folder, name), `file ${name}`);
    await define('fetch', 1, async (context, _count, [path]) => {
      const response = await fetch(`${base}${await values.text(path as bigint)}`);
      await values.resultText(context, await response.text(), -1, SQLITE_TRANSIENT);
    });
    await define('read', 1, async (context, _count, [name]) => {
      const file = join(folder, (await values.text(name as bigint)) ?? '');
      await values.resultText(context, await readFile(file, 'utf8'), -1, SQLITE_TRANSIENT);
    });
    await rows("CREATE TABLE t (k); INSERT INTO t VALUES ('a'), ('b'), ('c')");
    expect(await rows("SELECT k, fetch('/' || k), read(k) FROM t ORDER BY k")).to.deep.equal([
      ['a', 'answer to /a', 'file a'],
      ['b', 'answer to /b', 'file b'],
      ['c', 'answer to /c', 'file c'],
    ]);
  });

  it('gets every argument, and gives a number', async () => {
    await define('total', -1, async (context, count, given) => {
      expect(given).to.have.length(count);
      let sum = 0n;
      for (const value of given) sum += await values.integer(value);
      await values.resultInteger(context, sum);
    });
    expect(await rows('SELECT total(), total(1), total(1, 20, 300, 4000)')).to.deep.equal([
      ['0', '1', '4321'],
    ]);
  });

  it('may leave the value away: SQL gets NULL', async () => {
    let calls = 0;
    await define('silent', 0, () => void (calls += 1));
    expect(await rows('SELECT silent(), typeof(silent())')).to.deep.equal([[null, 'null']]);
    expect(calls).to.equal(2);
  });

  it('makes the query fail with what it throws, and the database goes on', async () => {
    const boom = new RangeError('no such customer', { cause: 'the register' });
    let calls = 0;
    await define('fragile', 1, async (context, _count, [value]) => {
      calls += 1;
      if ((await values.integer(value as bigint)) === 3n) throw boom;
      await values.resultInteger(context, 1n);
    });
    const endless =
      'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 1000) SELECT fragile(n) FROM c';
    const stream = sql.exec.stream(db, endless, 0n, 0n);
    const found: (string | null)[] = [];
    const read = async (): Promise<void> => {
      for await (const [, , [value]] of stream) found.push(value ?? null);
    };
    const error = await rejection(read(), HostFunctionError);
    expect(error.cause, 'the very error').to.equal(boom);
    expect(error.message).to.include('no such customer');
    expect(error.code).to.equal('OFFTHREAD_HOST_FUNCTION');
    expect(error.symbol).to.equal('exec');
    expect(await stream.ended()).to.equal('failed');
    expect(found, 'the rows before it').to.deep.equal(['1', '1']);
    expect(calls, 'not asked again after it failed').to.equal(3);
    expect(await rows('SELECT fragile(1)')).to.deep.equal([['1']]);
  });

  it('is called by 500 rows, each with its own answer', async () => {
    await define('double', 1, async (context, _count, [value]) => {
      const n = await values.integer(value as bigint);
      if (n % 100n === 0n) await wait(1);
      await values.resultInteger(context, n * 2n);
    });
    const text =
      'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 500) SELECT n, double(n) FROM c';
    const found = await rows(text);
    expect(found).to.have.length(500);
    for (const [n, twice] of found) expect(Number(twice)).to.equal(Number(n) * 2);
  });

  it('is not called any more when it was closed', async () => {
    let calls = 0;
    await define('counted', 0, () => void (calls += 1));
    await rows('SELECT counted()');
    for (const one of made) one.close();
    expect(await rows('SELECT counted()')).to.deep.equal([[null]]);
    expect(calls).to.equal(1);
  });

  it('sorts as JavaScript does: a collation', async () => {
    const { compare } = new Intl.Collator('de', { numeric: true });
    const kept = persistent((_: bigint, _m: number, a: Buffer, _n: number, b: Buffer) =>
      compare(a.toString(), b.toString()),
    );
    made.push(kept);
    await sql.createCollation(db, 'german', SQLITE_UTF8, 0n, kept);
    await rows("CREATE TABLE f (name); INSERT INTO f VALUES ('Bild 10'), ('Zug'), ('Bild 9'), ('Äpfel')");
    const sorted = await rows('SELECT name FROM f ORDER BY name COLLATE german');
    expect(sorted.flat()).to.deep.equal(['Äpfel', 'Bild 9', 'Bild 10', 'Zug']);
  });

  it('decides about a commit: an async hook that refuses', async () => {
    let allowed = false;
    const kept = persistent(async () => {
      await fetch(`${base}/may-i`);
      return allowed ? 0 : 1;
    });
    made.push(kept);
    await sql.commitHook(db, kept, 0n);
    const refused = sql.exec.stream(db, 'CREATE TABLE t (k)', 0n, 0n);
    await refused.result.catch(() => {});
    expect(await refused.ended()).to.equal('failed');
    allowed = true;
    await rows('CREATE TABLE t (k); INSERT INTO t VALUES (1)');
    expect(await rows('SELECT k FROM t')).to.deep.equal([['1']]);
  });
});
