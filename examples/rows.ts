/**
 * Writes rows of SQLite as CSV while the query runs, at the reader's pace. With `head`, the query ends as soon as `head`
 * has ended, however many rows there would have been.
 *
 *   npm run build && node dist/examples/rows.js 1000000000 | head -3
 */
import { pipeline } from 'node:stream/promises';
import { type ChunkOf, chunks, createPool, out } from 'offthread';
import { sqlite as path } from './system.js';

const declarations = {
  open: { symbol: 'sqlite3_open', arguments: ['cstring', out('pointer')], return: 'i32', fails: 'nonzero' },
  // int row(void *, int count, char **values, char **names): what is not 0 ends the query
  query: {
    symbol: 'sqlite3_exec',
    arguments: [
      'pointer',
      'cstring',
      chunks(
        { arguments: ['pointer', 'i32', { cstrings: 1 }, { cstrings: 1 }], return: 'i32' },
        { stop: 1, highWaterMark: 256 },
      ),
      'pointer',
      'pointer',
    ],
    return: 'i32',
    fails: 'nonzero',
    lastError: { symbol: 'sqlite3_errmsg', arguments: [0] },
  },
  closeDatabase: { symbol: 'sqlite3_close_v2', arguments: ['pointer'], return: 'i32' },
} as const;

async function* csv(rows: AsyncIterable<ChunkOf<typeof declarations.query>>): AsyncGenerator<string> {
  let header = true;
  for await (const [, , values, names] of rows) {
    if (header) yield `${names.join(',')}\n`;
    header = false;
    yield `${values.map((value) => value ?? '').join(',')}\n`;
  }
}

const count = Number(process.argv[2] ?? 10);
const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ${count})`;

// A query whose reader is slow takes long: no time limit.
const pool = createPool({ lanes: 1, timeout: 0 });
const sqlite = await pool.open(path, declarations);
const [, db] = await sqlite.open(':memory:');
try {
  await pipeline(
    sqlite.query.stream(db, `${numbers} SELECT i AS number, i * i AS square FROM n`, 0n, 0n),
    csv,
    process.stdout,
  );
} catch (error) {
  // The reader has closed the pipe.
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
}
await sqlite.closeDatabase(db);
await pool.close();
