/** B14, B11: libraries that no one here wrote, declared by their C prototypes, on every engine and lane. */
import { expect } from 'chai';
import { expectTypeOf } from 'expect-type';
import { type BytesInput, NativeError } from 'offthread';
import { onEveryEngine, rejection, withPool } from '../helpers/contract.js';

const [LIBZ, LIBSQLITE] =
  process.platform === 'darwin' ? ['libz.dylib', 'libsqlite3.dylib'] : ['libz.so.1', 'libsqlite3.so.0'];

onEveryEngine('C prototypes (B14)', (engine) => {
  it('declare libz', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const z = await pool.open(
        LIBZ,
        {
          zlibVersion: 'const char *zlibVersion(void)',
          sum: 'typedef unsigned long uLong; uLong crc32(uLong crc, const unsigned char *buf, unsigned int len)',
          compress: {
            prototype: `
              int compress2(unsigned char *dest, unsigned long *destLen,   /* in bytes */
                            const unsigned char *source, unsigned long sourceLen, int level);`,
            inout: ['destLen'],
            fails: 'nonzero',
            symbol: 'compress2',
          },
        },
        { engine },
      );
      expectTypeOf(z.sum).parameters.toEqualTypeOf<[number | bigint, BytesInput, number]>();
      expectTypeOf(z.compress).parameters.toEqualTypeOf<
        [BytesInput, number | bigint, BytesInput, number | bigint, number]
      >();
      expect(await z.zlibVersion()).to.match(/^1\.\d+/);
      expect(await z.sum(0, Buffer.from('abc'), 3)).to.equal(891_568_578n);
      const room = new Uint8Array(100);
      const [status, length]: [number, bigint] = await z.compress(room, 100, Buffer.alloc(1_000), 1_000, 9);
      expect({ status, fits: length < 40n && length > 8n }).to.deep.equal({ status: 0, fits: true });
    });
  });

  it('declare libsqlite3', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const sqlite = await pool.open(
        LIBSQLITE,
        {
          open: {
            prototype: 'int sqlite3_open(const char *file, sqlite3 **db)',
            out: ['db'],
            fails: 'nonzero',
          },
          shut: 'int sqlite3_close(sqlite3 *)',
          changes: 'int sqlite3_changes(sqlite3 *)',
          run: {
            prototype:
              'int sqlite3_exec(sqlite3 *db, const char *sql, struct none *callback, struct none *context, char **message)',
            out: ['message'],
            owned: { message: 'sqlite3_free' },
            fails: 'nonzero',
            lastError: { symbol: 'sqlite3_errmsg', arguments: [0] },
          },
        },
        { engine },
      );
      const [, db]: [number, bigint] = await sqlite.open(':memory:');
      const made: [number, string | null] = await sqlite.run(
        db,
        'create table t(x); insert into t values (1), (2)',
        0n,
        0n,
      );
      expect(made).to.deep.equal([0, null]);
      expect(await sqlite.changes(db)).to.equal(2);
      const error = await rejection(sqlite.run(db, 'nonsense', 0n, 0n), NativeError);
      expect(error.message).to.match(/near "nonsense": syntax error/);
      expect(await sqlite.shut(db)).to.equal(0);
    });
  });
});
