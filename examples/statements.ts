/**
 * Prepared statements that are kept over many calls: each worker has a session, with a connection and statements of its own.
 *
 *   npm run build && node dist/examples/statements.js
 */
import { type Session, createPool, out } from 'offthread';
import { sqlite as path } from './system.js';

const ROW = 100;

// Sessions have at most two of the three lanes: one is left to other calls.
const pool = createPool({ lanes: 3, isolation: 'process' });
const sqlite = await pool.open(path, {
  open: { symbol: 'sqlite3_open', arguments: ['cstring', out('pointer')], return: 'i32', fails: 'nonzero' },
  prepare: {
    symbol: 'sqlite3_prepare_v2',
    arguments: ['pointer', 'cstring', 'i32', out('pointer'), 'pointer'],
    return: 'i32',
    fails: 'nonzero',
    lastError: { symbol: 'sqlite3_errmsg', arguments: [0] },
  },
  bindText: {
    symbol: 'sqlite3_bind_text',
    // -1n, SQLITE_TRANSIENT: SQLite copies the text, which ends with the call.
    arguments: ['pointer', 'i32', 'cstring', 'i32', 'i64'],
    return: 'i32',
    fails: 'nonzero',
  },
  bindInteger: {
    symbol: 'sqlite3_bind_int64',
    arguments: ['pointer', 'i32', 'i64'],
    return: 'i32',
    fails: 'nonzero',
  },
  step: {
    symbol: 'sqlite3_step',
    arguments: ['pointer'],
    return: 'i32',
    fails: (code) => code !== ROW && code !== 101,
  },
  integer: { symbol: 'sqlite3_column_int64', arguments: ['pointer', 'i32'], return: 'i64' },
  reset: { symbol: 'sqlite3_reset', arguments: ['pointer'], return: 'i32' },
  finalize: { symbol: 'sqlite3_finalize', arguments: ['pointer'], return: 'i32' },
  closeDatabase: { symbol: 'sqlite3_close_v2', arguments: ['pointer'], return: 'i32' },
});

/** Counts the words of a text in a table. @returns how often one of them occurs. */
async function count(session: Session, text: string, wanted: string): Promise<bigint> {
  const db = session.use(sqlite);
  const [, connection] = await db.open(':memory:');
  const statements: bigint[] = [];
  const prepare = async (sql: string): Promise<bigint> => {
    const [, statement] = await db.prepare(connection, sql, -1, 0n);
    statements.push(statement);
    return statement;
  };
  await db.step(await prepare('CREATE TABLE words (word TEXT PRIMARY KEY, count INTEGER)'));
  const add = await prepare(
    'INSERT INTO words VALUES (?1, ?2) ON CONFLICT (word) DO UPDATE SET count = count + ?2',
  );
  const find = await prepare('SELECT count FROM words WHERE word = ?1');
  for (const word of text.split(' ')) {
    // Not awaited one by one: the calls of a session run in the order in which they are made.
    const calls = [
      db.bindText(add, 1, word, -1, -1n),
      db.bindInteger(add, 2, 1n),
      db.step(add),
      db.reset(add),
    ];
    await Promise.all(calls);
  }
  await db.bindText(find, 1, wanted, -1, -1n);
  const found = (await db.step(find)) === ROW ? await db.integer(find, 0) : 0n;
  for (const statement of statements) await db.finalize(statement);
  await db.closeDatabase(connection);
  return found;
}

const texts = [
  'a rose is a rose is a rose',
  'to be or not to be',
  'a horse, a horse, my kingdom for a horse',
];
const wanted = ['rose', 'be', 'kingdom'];
const counts = await Promise.all(
  texts.map(async (text, index) => {
    // The third waits until one of the others is closed.
    await using session = await pool.session({ timeout: 10_000 });
    // Awaited here: the session is closed when the block is left.
    return await count(session, text, wanted[index] as string);
  }),
);
wanted.forEach((word, index) => console.log(`${word}: ${counts[index]}`));
console.log(pool.stats().sessions);
await pool.close();
