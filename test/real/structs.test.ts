/** B15, M34: structs and variadic functions of real libraries: the C library's times, names and sockets, and libz's streams. */
import { inflateSync } from 'node:zlib';
import { expect } from 'chai';
import { NativeError, array, struct, union } from 'offthread';
import { onEveryEngine, rejection, sharedLab } from '../helpers/contract.js';

const LIBC = process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6';
const LIBZ = process.platform === 'darwin' ? 'libz.dylib' : 'libz.so.1';

const timespec = struct({ tv_sec: 'i64', tv_nsec: 'i64' });
const tm = struct({
  tm_sec: 'i32',
  tm_min: 'i32',
  tm_hour: 'i32',
  tm_mday: 'i32',
  tm_mon: 'i32',
  tm_year: 'i32',
  tm_wday: 'i32',
  tm_yday: 'i32',
  tm_isdst: 'i32',
  tm_gmtoff: 'i64',
  tm_zone: 'pointer',
});
const pollfd = struct({ fd: 'i32', events: 'i16', revents: 'i16' });
const division = struct({ quot: 'i32', rem: 'i32' });
const in_addr = struct({ s_addr: union({ word: 'u32', bytes: array('u8', 4) }) });
const z_stream = struct({
  next_in: 'pointer',
  avail_in: 'u32',
  total_in: 'u64',
  next_out: 'pointer',
  avail_out: 'u32',
  total_out: 'u64',
  msg: 'pointer',
  state: 'pointer',
  zalloc: 'pointer',
  zfree: 'pointer',
  opaque: 'pointer',
  data_type: 'i32',
  adler: 'u64',
  reserved: 'u64',
});

const TIMES = {
  clock_gettime: {
    prototype: 'int clock_gettime(int clock, struct timespec *now)',
    structs: { timespec },
    out: ['now'],
    fails: 'negative',
    errno: true,
  },
  nanosleep: {
    prototype: 'int nanosleep(const struct timespec *duration, struct timespec *remaining)',
    structs: { timespec },
    out: ['remaining'],
    fails: 'negative',
    errno: true,
  },
  timegm: { prototype: 'long timegm(struct tm *date)', structs: { tm } },
  gmtime_r: {
    prototype: 'struct tm *gmtime_r(const time_t *time, struct tm *date)',
    structs: { tm },
    out: ['date'],
  },
  poll: {
    prototype: 'int poll(struct pollfd *fds, unsigned long count, int timeout)',
    structs: { pollfd: array(pollfd) },
  },
  inet_pton: {
    prototype: 'int inet_pton(int family, const char *text, struct in_addr *address)',
    structs: { in_addr },
    out: ['address'],
  },
  print: {
    prototype: 'int snprintf(char *to, size_t size, const char *format, ...)',
    variadic: ['int', 'double', 'const char *'],
  },
} as const;

const MEMORY = {
  malloc: { arguments: ['size'], return: 'pointer' },
  free: { arguments: ['pointer'], return: 'void' },
  copy: { symbol: 'memcpy', arguments: ['pointer', 'buffer', 'size'], return: 'pointer' },
} as const;

onEveryEngine('structs of real libraries (B15, M34)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });
  const open = async () => lab.pool.open(LIBC, TIMES, { engine });
  let libc: Awaited<ReturnType<typeof open>>;
  before(async () => {
    libc = await open();
  });

  it('tell the time', async () => {
    const before = BigInt(Date.now());
    const [code, now] = await libc.clock_gettime(0);
    expect(code).to.equal(0);
    expect(now.tv_sec * 1_000n + now.tv_nsec / 1_000_000n >= before).to.equal(true);
    const error = await rejection(libc.clock_gettime(-1_000), NativeError);
    expect(error.code).to.equal('EINVAL');
    expect(await libc.nanosleep({ tv_nsec: 1_000 })).to.have.length(2);
    const wrong = await rejection(libc.nanosleep({ tv_nsec: 2_000_000_000 }), NativeError);
    expect(wrong.code).to.equal('EINVAL');
  });

  it('convert dates as JavaScript does', async () => {
    for (const ms of [0, 951_782_400_000, 1_700_000_000_000, 4_102_444_799_000]) {
      const date = new Date(ms);
      const [, read] = await libc.gmtime_r(BigInt64Array.of(BigInt(ms / 1_000)));
      expect([read.tm_year + 1900, read.tm_mon, read.tm_mday, read.tm_hour, read.tm_wday]).to.deep.equal([
        date.getUTCFullYear(),
        date.getUTCMonth(),
        date.getUTCDate(),
        date.getUTCHours(),
        date.getUTCDay(),
      ]);
      expect((await libc.timegm(read))[0]).to.equal(BigInt(ms / 1_000));
    }
    // The 32nd of January is the 1st of February: timegm corrects the struct.
    const [seconds, corrected] = await libc.timegm({ tm_year: 100, tm_mday: 32 });
    expect(seconds).to.equal(949_363_200n);
    expect([corrected.tm_mon, corrected.tm_mday, corrected.tm_yday]).to.deep.equal([1, 1, 31]);
  });

  it('poll descriptors, and read addresses', async () => {
    const [ready, fds] = await libc.poll(
      [
        { fd: -1, events: 1 },
        { fd: 1_000_000, events: 1 },
      ],
      2n,
      0,
    );
    // POLLNVAL
    expect([ready, fds.map(({ revents }) => revents)]).to.deep.equal([1, [0, 32]]);
    const [found, address] = await libc.inet_pton(2, '127.0.0.1');
    expect([found, address.s_addr.bytes]).to.deep.equal([1, Buffer.from([127, 0, 0, 1])]);
  });

  it('print numbers', async () => {
    const text = Buffer.alloc(50);
    const length = await libc.print(text, 50, '%05d %.3f %s', 42, Math.PI, 'ok');
    expect(text.toString('utf8', 0, length)).to.equal('00042 3.142 ok');
  });

  it('keep a stream of libz in native memory', async () => {
    const memory = await lab.pool.open(LIBC, MEMORY, { engine });
    const z = await lab.pool.open(
      LIBZ,
      {
        deflateInit: {
          symbol: 'deflateInit_',
          arguments: ['pointer', 'i32', 'cstring', 'i32'],
          return: 'i32',
          fails: 'nonzero',
        },
        deflate: { arguments: ['pointer', 'i32'], return: 'i32' },
        deflateEnd: { arguments: ['pointer'], return: 'i32', fails: 'nonzero' },
        version: { symbol: 'zlibVersion', arguments: [], return: 'cstring' },
      },
      { engine },
    );
    const input = Buffer.from('struct '.repeat(1_000));
    const stream = await memory.malloc(z_stream.size);
    const from = await memory.malloc(input.length);
    const to = await memory.malloc(1_000);
    await memory.copy(from, input, input.length);
    const start = z_stream.encode({
      next_in: from,
      avail_in: input.length,
      next_out: to,
      avail_out: 1_000,
    });
    await memory.copy(stream, start, start.length);
    await z.deflateInit(stream, 9, await z.version(), z_stream.size);
    // Z_FINISH, which answers Z_STREAM_END.
    expect(await z.deflate(stream, 4)).to.equal(1);
    const end = z_stream.decode(await memory.read(stream, z_stream.size));
    await z.deflateEnd(stream);
    expect([end.total_in, end.avail_in]).to.deep.equal([7_000n, 0]);
    expect(end.next_out - to).to.equal(end.total_out);
    const output = await memory.read(to, Number(end.total_out));
    expect(inflateSync(output).equals(input)).to.equal(true);
    for (const address of [stream, from, to]) await memory.free(address);
  });

  if (engine === 'koffi') {
    it('are returned and passed by value', async () => {
      const values = await lab.pool.open(
        LIBC,
        {
          div: { prototype: 'div_t div(int numerator, int denominator)', structs: { div_t: division } },
          inet_ntoa: {
            prototype: 'char *inet_ntoa(struct in_addr address)',
            structs: { in_addr: struct({ s_addr: 'u32' }) },
          },
        },
        { engine },
      );
      expect(await values.div(-17, 5)).to.deep.equal({ quot: -3, rem: -2 });
      expect(await values.inet_ntoa({ s_addr: 0x0100007f })).to.equal('127.0.0.1');
    });
  }
});
