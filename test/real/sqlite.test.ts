/** M34, B1, M32: SQLite through its C interface: a query of seconds beside a free event loop, interrupted on demand. */
import { expect } from 'chai';
import { CallCancelledError, CallTimeoutError, type Library, NativeError, out } from 'offthread';
import { onThreadLanes, rejection, sharedLab } from '../helpers/contract.js';
import { turns, until } from '../helpers/waiting.js';

const LIBSQLITE = process.platform === 'darwin' ? 'libsqlite3.dylib' : 'libsqlite3.so.0';
const MESSAGE = { symbol: 'sqlite3_errmsg', arguments: [0] } as const;
const SQLITE = {
  sqlite3_libversion: { arguments: [], return: 'cstring' },
  sqlite3_open: { arguments: ['cstring', out('pointer')], return: 'i32', fails: 'nonzero' },
  sqlite3_close: { arguments: ['pointer'], return: 'i32', fails: 'nonzero' },
  sqlite3_exec: {
    arguments: ['pointer', 'cstring', 'pointer', 'pointer', 'pointer'],
    return: 'i32',
    fails: 'nonzero',
    lastError: MESSAGE,
    onCancel: { symbol: 'sqlite3_interrupt', arguments: [0] },
  },
  sqlite3_prepare_v2: {
    arguments: ['pointer', 'cstring', 'i32', out('pointer'), 'pointer'],
    return: 'i32',
    fails: 'nonzero',
    lastError: MESSAGE,
  },
  sqlite3_step: {
    arguments: ['pointer'],
    return: 'i32',
    fails: (code: number) => code !== 100 && code !== 101,
  },
  sqlite3_column_text: { arguments: ['pointer', 'i32'], return: 'cstring' },
  sqlite3_column_int64: { arguments: ['pointer', 'i32'], return: 'i64' },
  sqlite3_column_double: { arguments: ['pointer', 'i32'], return: 'f64' },
  sqlite3_finalize: { arguments: ['pointer'], return: 'i32' },
  sqlite3_changes: { arguments: ['pointer'], return: 'i32' },
} as const;

/** A billion steps: far longer than any test waits. */
const FOR_AGES =
  'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000000) SELECT count(*) FROM c';
const counting = (rows: number): string => FOR_AGES.replace('1000000000', String(rows));

onThreadLanes('libsqlite3 (M34)', (engine) => {
  const lab = sharedLab(engine, { lanes: 2, grace: 5_000, timeout: 20_000 });
  let sql: Library<typeof SQLITE>;
  let db = 0n;
  before(async () => {
    sql = await lab.pool.open(LIBSQLITE, SQLITE, { engine });
  });
  beforeEach(async () => {
    [, db] = await sql.sqlite3_open(':memory:');
  });
  afterEach(() => sql.sqlite3_close(db));

  const run = (text: string): Promise<number> => sql.sqlite3_exec(db, text, 0n, 0n, 0n);

  it('opens a database and tells its version', async () => {
    expect(db).to.not.equal(0n);
    expect(await sql.sqlite3_libversion()).to.match(/^3\.\d+/);
  });

  it('writes and reads rows, texts with every character included', async () => {
    await run(`CREATE TABLE t (id INTEGER, name TEXT, size REAL);
      INSERT INTO t VALUES (1, 'Grüße, 世界 🌍', 0.1), (9007199254740993, NULL, -1e300)`);
    expect(await sql.sqlite3_changes(db)).to.equal(2);
    const [, rows] = await sql.sqlite3_prepare_v2(db, 'SELECT id, name, size FROM t ORDER BY id', -1, 0n);
    expect(await sql.sqlite3_step(rows)).to.equal(100);
    expect(await sql.sqlite3_column_int64(rows, 0)).to.equal(1n);
    expect(await sql.sqlite3_column_text(rows, 1)).to.equal('Grüße, 世界 🌍');
    expect(await sql.sqlite3_column_double(rows, 2)).to.equal(0.1);
    expect(await sql.sqlite3_step(rows)).to.equal(100);
    expect(await sql.sqlite3_column_int64(rows, 0)).to.equal(9_007_199_254_740_993n);
    expect(await sql.sqlite3_column_text(rows, 1)).to.equal(null);
    expect(await sql.sqlite3_step(rows)).to.equal(101);
    expect(await sql.sqlite3_finalize(rows)).to.equal(0);
  });

  it("brings SQLite's own message for a failure (M32)", async () => {
    const syntax = await rejection(run('SELEC 1'), NativeError);
    expect(syntax.lastError).to.equal('near "SELEC": syntax error');
    expect(syntax.message).to.include('near "SELEC": syntax error');
    expect(syntax.returned).to.equal(1);
    const missing = sql.sqlite3_prepare_v2(db, 'SELECT * FROM nowhere', -1, 0n);
    expect((await rejection(missing, NativeError)).lastError).to.equal('no such table: nowhere');
    await run('CREATE TABLE u (k INTEGER PRIMARY KEY); INSERT INTO u VALUES (1)');
    expect((await rejection(run('INSERT INTO u VALUES (1)'), NativeError)).lastError).to.equal(
      'UNIQUE constraint failed: u.k',
    );
  });

  it('keeps the event loop free during a heavy query', async () => {
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 5);
    const [, rows] = await sql.sqlite3_prepare_v2(db, counting(2_000_000), -1, 0n);
    const start = performance.now();
    const stepping = sql.sqlite3_step(rows);
    await until(() => stepping.state === 'running', 'the query to run');
    ticks = 0;
    await stepping;
    const took = performance.now() - start;
    clearInterval(timer);
    expect(took, 'heavy enough to tell').to.be.greaterThan(50);
    expect(ticks, `ticks of 5 ms in ${took} ms`).to.be.at.least(Math.floor(took / 5 / 4));
    expect(await sql.sqlite3_column_int64(rows, 0)).to.equal(2_000_000n);
    await sql.sqlite3_finalize(rows);
  });

  it('interrupts a query of ages on cancel and at a timeout (B1), and the database goes on', async () => {
    const cancelled = sql.sqlite3_exec(db, FOR_AGES, 0n, 0n, 0n);
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 2);
    await until(() => cancelled.state === 'running' && ticks >= 20, 'the query to run for a while');
    clearInterval(timer);
    const start = performance.now();
    cancelled.cancel('seen enough');
    await rejection(cancelled, CallCancelledError);
    expect(performance.now() - start, 'ms to stop').to.be.below(2_000);
    await rejection(sql.sqlite3_exec.with({ timeout: 50 })(db, FOR_AGES, 0n, 0n, 0n), CallTimeoutError);
    expect(lab.pool.stats().lanesLost, 'the lane came back each time').to.equal(0);
    expect(await run('CREATE TABLE after (n)')).to.equal(0);
  });

  it('interrupts only the database of the call that was cancelled', async () => {
    const [, other] = await sql.sqlite3_open(':memory:');
    const slow = sql.sqlite3_exec(other, counting(1_500_000), 0n, 0n, 0n);
    const endless = sql.sqlite3_exec(db, FOR_AGES, 0n, 0n, 0n);
    await until(() => slow.state === 'running' && endless.state === 'running', 'both to run');
    endless.cancel();
    await rejection(endless, CallCancelledError);
    expect(await slow, 'the other is finished').to.equal(0);
    await sql.sqlite3_close(other);
  });

  it('cancels as early as it likes: an interrupt that came too soon is sent again', async () => {
    for (let round = 0; round < 15; round++) {
      const call = sql.sqlite3_exec(db, FOR_AGES, 0n, 0n, 0n);
      await turns(round % 4);
      call.cancel();
      await rejection(call, CallCancelledError);
    }
    expect(lab.pool.stats().lanesLost).to.equal(0);
    expect(await run('SELECT 1')).to.equal(0);
  });
});
