/** B1, M24: a query stopped by sqlite3_progress_handler, which asks now and then whether to go on. */
import { expect } from 'chai';
import { CallCancelledError, CallTimeoutError, type Library, out, type Pool } from 'offthread';
import { createPool } from '../helpers/lane-kind.js';
import { rejection } from '../helpers/contract.js';
import { onCallbackEngines } from '../helpers/talk.js';
import { until } from '../helpers/waiting.js';

const LIBSQLITE = process.platform === 'darwin' ? 'libsqlite3.dylib' : 'libsqlite3.so.0';
const SQLITE = {
  open: { symbol: 'sqlite3_open', arguments: ['cstring', out('pointer')], return: 'i32', fails: 'nonzero' },
  closeDatabase: { symbol: 'sqlite3_close', arguments: ['pointer'], return: 'i32', fails: 'nonzero' },
  // void sqlite3_progress_handler(sqlite3 *, int steps, int (*)(void *), void *)
  ask: {
    symbol: 'sqlite3_progress_handler',
    arguments: ['pointer', 'i32', 'cancelProbe', 'pointer'],
    return: 'void',
  },
  forget: {
    symbol: 'sqlite3_progress_handler',
    arguments: ['pointer', 'i32', 'pointer', 'pointer'],
    return: 'void',
  },
  exec: {
    symbol: 'sqlite3_exec',
    arguments: ['pointer', 'cstring', 'pointer', 'pointer', 'pointer'],
    return: 'i32',
    fails: 'nonzero',
  },
  prepare: {
    symbol: 'sqlite3_prepare_v2',
    arguments: ['pointer', 'cstring', 'i32', out('pointer'), 'pointer'],
    return: 'i32',
    fails: 'nonzero',
  },
  step: { symbol: 'sqlite3_step', arguments: ['pointer'], return: 'i32' },
  finalize: { symbol: 'sqlite3_finalize', arguments: ['pointer'], return: 'i32' },
} as const;

/** Minutes of work. */
const FOR_AGES =
  'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000000) SELECT count(*) FROM c';

onCallbackEngines('libsqlite3, its progress handler', (engine) => {
  let pool: Pool;
  let sql: Library<typeof SQLITE>;
  let db = 0n;
  before(async () => {
    // The probe lives in the lane that gave it: one lane.
    pool = createPool({ lanes: 1, grace: 10_000, timeout: 20_000 });
    sql = await pool.open(LIBSQLITE, SQLITE, { engine });
  });
  beforeEach(async () => {
    [, db] = await sql.open(':memory:');
    await sql.ask(db, 1_000, 0n);
  });
  afterEach(async () => {
    expect(await sql.closeDatabase(db)).to.equal(0);
    expect(pool.stats().lanes).to.include({ total: 1, lost: 0 });
  });
  after(() => pool.close());

  it('stops a runaway query on cancel, and the database goes on', async () => {
    for (let round = 0; round < 5; round++) {
      const call = sql.exec(db, FOR_AGES, 0n, 0n, 0n);
      await until(() => call.state === 'running', 'the query to run');
      expect(call.cancel('seen enough')).to.equal(true);
      expect((await rejection(call, CallCancelledError)).cause).to.equal('seen enough');
      expect(await sql.exec(db, 'SELECT 1', 0n, 0n, 0n)).to.equal(0);
    }
  });

  it('stops it at its timeout', async () => {
    const late = await rejection(sql.exec.with({ timeout: 50 })(db, FOR_AGES, 0n, 0n, 0n), CallTimeoutError);
    expect(late.cause, 'its lane is not lost').to.equal(undefined);
    expect(await sql.exec(db, 'CREATE TABLE t (k)', 0n, 0n, 0n)).to.equal(0);
  });

  it('stops a call that does not know the database: a step', async () => {
    const [, statement] = await sql.prepare(db, FOR_AGES, -1, 0n);
    await rejection(sql.step.with({ timeout: 50 })(statement), CallTimeoutError);
    expect(await sql.finalize(statement), 'SQLITE_INTERRUPT').to.equal(9);
  });

  it('stops a blocking call at its timeout', async () => {
    expect(() => sql.exec.with({ timeout: 50 }).blocking(db, FOR_AGES, 0n, 0n, 0n)).to.throw(
      CallTimeoutError,
    );
    expect(sql.exec.blocking(db, 'SELECT 1', 0n, 0n, 0n)).to.equal(0);
  });

  it('lets a query end that nobody stops', async () => {
    expect(await sql.exec(db, FOR_AGES.replace('1000000000', '300000'), 0n, 0n, 0n)).to.equal(0);
  });

  it('stops nothing where SQLite was told to forget it', async () => {
    await sql.forget(db, 0, 0n, 0n);
    expect(await sql.exec(db, FOR_AGES.replace('1000000000', '100000'), 0n, 0n, 0n)).to.equal(0);
  });
});
