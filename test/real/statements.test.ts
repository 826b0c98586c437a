/** B7, M34: SQLite and libcurl in sessions: statements and handles that many calls share, each in a lane of its own. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import {
  callback,
  chunks,
  LibraryNotFoundError,
  NativeError,
  out,
  persistent,
  type Session,
} from 'offthread';
import { createPool } from '../helpers/lane-kind.js';
import { onEveryEngine, rejection } from '../helpers/contract.js';
import { onCallbackEngines } from '../helpers/talk.js';

const darwin = process.platform === 'darwin';
const LIBSQLITE = darwin ? 'libsqlite3.dylib' : 'libsqlite3.so.0';
const LIBCURL = darwin ? 'libcurl.4.dylib' : 'libcurl.so.4';
const [ROW, DONE] = [100, 101];

const SQLITE = {
  open: { symbol: 'sqlite3_open', arguments: ['cstring', out('pointer')], return: 'i32', fails: 'nonzero' },
  prepare: {
    symbol: 'sqlite3_prepare_v2',
    arguments: ['pointer', 'cstring', 'i32', out('pointer'), 'pointer'],
    return: 'i32',
    fails: 'nonzero',
    lastError: { symbol: 'sqlite3_errmsg', arguments: [0] },
  },
  bind: {
    symbol: 'sqlite3_bind_int64',
    arguments: ['pointer', 'i32', 'i64'],
    return: 'i32',
    fails: 'nonzero',
  },
  step: {
    symbol: 'sqlite3_step',
    arguments: ['pointer'],
    return: 'i32',
    fails: (code: number) => code < ROW,
  },
  integer: { symbol: 'sqlite3_column_int64', arguments: ['pointer', 'i32'], return: 'i64' },
  columnText: { symbol: 'sqlite3_column_text', arguments: ['pointer', 'i32'], return: 'pointer' },
  reset: { symbol: 'sqlite3_reset', arguments: ['pointer'], return: 'i32' },
  finalize: { symbol: 'sqlite3_finalize', arguments: ['pointer'], return: 'i32' },
  changes: { symbol: 'sqlite3_changes', arguments: ['pointer'], return: 'i32' },
  shut: { symbol: 'sqlite3_close', arguments: ['pointer'], return: 'i32', fails: 'nonzero' },
} as const;

onEveryEngine('libsqlite3 in sessions (B7)', (engine) => {
  it('keeps prepared statements over calls, in two sessions at once', async () => {
    const pool = createPool({ lanes: 3 });
    const sqlite = await pool.open(LIBSQLITE, SQLITE, { engine });
    const work = async (session: Session, factor: bigint): Promise<void> => {
      const db = session.use(sqlite);
      const [, connection] = await db.open(':memory:');
      const prepare = async (sql: string): Promise<bigint> => (await db.prepare(connection, sql, -1, 0n))[1];
      const create = await prepare('CREATE TABLE n (value INTEGER)');
      expect(await db.step(create)).to.equal(DONE);
      const insert = await prepare('INSERT INTO n VALUES (?1)');
      for (let n = 0n; n < 50n; n += 1n) {
        // In their order, although none waits for the one before.
        const calls = [
          db.bind(insert, 1, n * factor),
          db.step(insert),
          db.changes(connection),
          db.reset(insert),
        ];
        expect(await Promise.all(calls)).to.deep.equal([0, DONE, 1, 0]);
      }
      const sum = await prepare("SELECT sum(value), 'text ' || count(*) FROM n");
      expect(await db.step(sum)).to.equal(ROW);
      expect(await db.integer(sum, 0)).to.equal(1_225n * factor);
      expect(await db.text(await db.columnText(sum, 1))).to.equal('text 50');
      const error = await rejection(prepare('SELECT nothing'), NativeError);
      expect(error.lastError, "of this session's own connection").to.contain('nothing');
      for (const statement of [create, insert, sum]) await db.finalize(statement);
      await db.shut(connection);
    };
    try {
      await Promise.all(
        [1n, 1_000n].map(async (factor) => {
          const session = await pool.session();
          await work(session, factor);
          await session.close();
        }),
      );
      expect(pool.stats().sessions).to.deep.equal({ leased: 0, waiting: 0 });
    } finally {
      await pool.close();
    }
  });
});

/** `size_t write(char *bytes, size_t one, size_t count, void *)` */
const WRITE = { arguments: ['pointer', 'u64', 'u64', 'pointer'], return: 'u64' } as const;
const BODY = chunks(WRITE, { bytes: [0, 2], stop: 0n, persistent: true });
const HEADER = callback(
  { arguments: [{ bytes: 2 }, 'u64', 'u64', 'pointer'], return: 'u64' },
  { fallback: 0n },
);
const setopt = { symbol: 'curl_easy_setopt', return: 'i32', fails: 'nonzero' } as const;
const CURL = {
  globalInit: { symbol: 'curl_global_init', arguments: ['i64'], return: 'i32', fails: 'nonzero' },
  init: { symbol: 'curl_easy_init', arguments: [], return: 'pointer', fails: 'null' },
  cleanup: { symbol: 'curl_easy_cleanup', arguments: ['pointer'], return: 'void' },
  setNumber: { ...setopt, arguments: ['pointer', 'i32', 'i64'] },
  setText: { ...setopt, arguments: ['pointer', 'i32', 'cstring'] },
  setBody: { ...setopt, arguments: ['pointer', 'i32', BODY] },
  setHeader: { ...setopt, arguments: ['pointer', 'i32', HEADER] },
  download: {
    symbol: 'curl_easy_perform',
    arguments: ['pointer'],
    return: 'i32',
    fails: 'nonzero',
    stream: BODY,
  },
} as const;
const [NOSIGNAL, URL, ON_BODY, ON_HEADER] = [99, 10_002, 20_011, 20_079];

/** Whether libcurl is here, and its variadic function can be called. */
async function hasCurl(): Promise<boolean> {
  if (darwin && process.arch === 'arm64') return false;
  const pool = createPool({ lanes: 1 });
  try {
    await pool.open(LIBCURL, { init: CURL.init });
    return true;
  } catch (error) {
    if (error instanceof LibraryNotFoundError) return false;
    throw error;
  } finally {
    await pool.close();
  }
}
const curlIsHere = await hasCurl();

onCallbackEngines(`libcurl in sessions (B7)${curlIsHere ? '' : ': not here'}`, (engine) => {
  it('keeps a handle and the callbacks that it was given over transfers', async function () {
    if (!curlIsHere) return this.skip();
    const server = createServer((request, response) => {
      response.setHeader('x-asked', request.url ?? '');
      response.end((request.url ?? '').repeat(10_000));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const pool = createPool({ lanes: 3 });
    try {
      const curl = await pool.open(LIBCURL, CURL, { engine });
      await Promise.all(
        ['one', 'two'].map(async (name) => {
          const session = await pool.session();
          const own = session.use(curl);
          await own.globalInit(3n);
          const handle = await own.init();
          let asked: string[] = [];
          using header = persistent((bytes: Buffer, one: bigint, count: bigint) => {
            const [key, value] = bytes.toString('latin1').trim().split(': ');
            if (key?.toLowerCase() === 'x-asked') asked.push(value ?? '');
            return one * count;
          });
          await own.setNumber(handle, NOSIGNAL, 1n);
          await own.setBody(handle, ON_BODY);
          await own.setHeader(handle, ON_HEADER, header);
          for (let transfer = 0; transfer < 3; transfer += 1) {
            asked = [];
            await own.setText(handle, URL, `${site}/${name}${transfer}`);
            let body = '';
            for await (const bytes of own.download.stream(handle)) body += bytes.toString('latin1');
            expect(body).to.equal(`/${name}${transfer}`.repeat(10_000));
            expect(asked).to.deep.equal([`/${name}${transfer}`]);
          }
          await own.cleanup(handle);
          await session.close();
        }),
      );
    } finally {
      await pool.close();
      server.closeAllConnections();
      server.close();
    }
  });
});
