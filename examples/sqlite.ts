/**
 * A query that can be interrupted, through SQLite's own C functions.
 *
 *   npm run build && node dist/examples/sqlite.js
 */
import { createPool, out } from 'offthread';
import { sqlite as path } from './system.js';

// One connection, so one lane: cancelling a call interrupts all that run on its connection.
const pool = createPool({ lanes: 1, timeout: 10_000 });
const sqlite = await pool.open(path, {
  open: { symbol: 'sqlite3_open', arguments: ['cstring', out('pointer')], return: 'i32', fails: 'nonzero' },
  prepare: {
    symbol: 'sqlite3_prepare_v2',
    arguments: ['pointer', 'cstring', 'i32', out('pointer'), 'pointer'],
    return: 'i32',
    fails: 'nonzero',
    lastError: { symbol: 'sqlite3_errmsg', arguments: [0] },
  },
  // 100: there is a row; 101: there are no more. A step cannot be interrupted: sqlite3_interrupt takes the database,
  // and onCancel can pass only the call's own arguments. exec has the database among them.
  step: {
    symbol: 'sqlite3_step',
    arguments: ['pointer'],
    return: 'i32',
    fails: (code) => code !== 100 && code !== 101,
  },
  integer: { symbol: 'sqlite3_column_int64', arguments: ['pointer', 'i32'], return: 'i64' },
  text: { symbol: 'sqlite3_column_text', arguments: ['pointer', 'i32'], return: 'cstring' },
  finalize: { symbol: 'sqlite3_finalize', arguments: ['pointer'], return: 'i32' },
  exec: {
    symbol: 'sqlite3_exec',
    arguments: ['pointer', 'cstring', 'pointer', 'pointer', 'pointer'],
    return: 'i32',
    fails: 'nonzero',
    lastError: { symbol: 'sqlite3_errmsg', arguments: [0] },
    onCancel: { symbol: 'sqlite3_interrupt', arguments: [0] },
  },
  closeDatabase: { symbol: 'sqlite3_close_v2', arguments: ['pointer'], return: 'i32' },
});

const run = (db: bigint, sql: string): Promise<number> => sqlite.exec(db, sql, 0n, 0n, 0n);

const [, db] = await sqlite.open(':memory:');
await run(db, 'CREATE TABLE planets (name TEXT, moons INTEGER)');
await run(db, "INSERT INTO planets VALUES ('Earth', 1), ('Mars', 2), ('Neptune', 16)");

const [, query] = await sqlite.prepare(db, 'SELECT name, moons FROM planets ORDER BY moons DESC', -1, 0n);
while ((await sqlite.step(query)) === 100) {
  console.log(`${await sqlite.text(query, 0)}: ${await sqlite.integer(query, 1)}`);
}
await sqlite.finalize(query);

// This would run for ever. Its caller waits for half a second.
const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
const patience = AbortSignal.timeout(500);
const outcome = await sqlite.exec.with({ signal: patience })(db, endless, 0n, 0n, 0n).settled();
console.log(`the endless query was ${outcome.status}; lanes lost: ${pool.stats().lanes.lost}`);

// The connection can still be used.
await run(db, 'DELETE FROM planets');
await sqlite.closeDatabase(db);
await pool.close();
