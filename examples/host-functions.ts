/**
 * SQLite calls JavaScript: to compare texts, and to ask before each commit. The second function is async: the native
 * thread waits for its result, and this program's event loop does not.
 *
 *   npm run build && node dist/examples/host-functions.js
 */
import { setTimeout as wait } from 'node:timers/promises';
import { callback, createPool, out, persistent } from 'offthread';
import { sqlite as path } from './system.js';

const row = callback(
  { arguments: ['pointer', 'i32', { cstrings: 1 }, { cstrings: 1 }], return: 'i32' },
  { sync: true },
);

// SQLite keeps the functions and calls them during later calls. They belong to the lane that passed them, so one lane.
const pool = createPool({ lanes: 1, hostTimeout: 5_000 });
const sqlite = await pool.open(path, {
  open: { symbol: 'sqlite3_open', arguments: ['cstring', out('pointer')], return: 'i32', fails: 'nonzero' },
  // int compare(void *, int length, const void *text, int length, const void *text)
  createCollation: {
    symbol: 'sqlite3_create_collation',
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
  // int hook(void *): a result other than 0 turns the commit into a rollback. So does the fallback, if the hook fails.
  commitHook: {
    symbol: 'sqlite3_commit_hook',
    arguments: ['pointer', callback({ arguments: ['pointer'], return: 'i32' }, { fallback: 1 }), 'pointer'],
    return: 'pointer',
  },
  exec: {
    symbol: 'sqlite3_exec',
    arguments: ['pointer', 'cstring', row, 'pointer', 'pointer'],
    return: 'i32',
    fails: 'nonzero',
    lastError: { symbol: 'sqlite3_errmsg', arguments: [0] },
  },
  closeDatabase: { symbol: 'sqlite3_close_v2', arguments: ['pointer'], return: 'i32' },
});

const [, db] = await sqlite.open(':memory:');
const run = (sql: string): Promise<number> => sqlite.exec(db, sql, null, 0n, 0n);

const { compare } = new Intl.Collator('de', { numeric: true });
const natural = persistent((_data: bigint, _length: number, a: Buffer, _other: number, b: Buffer) =>
  compare(a.toString(), b.toString()),
);
await sqlite.createCollation(db, 'human', 1, 0n, natural);
await run(
  "CREATE TABLE files (name TEXT COLLATE human); INSERT INTO files VALUES ('page 10'), ('page 9'), ('Ära')",
);
await sqlite.exec(
  db,
  'SELECT name FROM files ORDER BY name',
  (_data, _count, [name]) => {
    console.log(name);
    return 0;
  },
  0n,
  0n,
);

let approved = true;
const ask = persistent(async () => {
  await wait(50); // stands for a question over the network
  return approved ? 0 : 1;
});
await sqlite.commitHook(db, ask, 0n);
console.log('approved:', (await sqlite.exec(db, 'DELETE FROM files', null, 0n, 0n).settled()).status);
approved = false;
const refused = await sqlite.exec(db, "INSERT INTO files VALUES ('page 11')", null, 0n, 0n).settled();
console.log('refused:', refused.status, refused.error?.message);

await sqlite.closeDatabase(db);
natural.close();
ask.close();
await pool.close();
