/**
 * M15, M16, M17, M18, M24: libcurl. A body streamed through its write function, at bounded memory into a slow reader, and ended
 * in the middle; a transfer that its progress function stops.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import {
  CallCancelledError,
  CallTimeoutError,
  chunks,
  HostFunctionError,
  type Library,
  LibraryNotFoundError,
  NativeError,
  type Pool,
} from 'offthread';
import { createPool } from '../helpers/lane-kind.js';
import { rejection } from '../helpers/contract.js';
import { onCallbackEngines } from '../helpers/talk.js';
import { slow } from '../helpers/fast-run.js';
import { until } from '../helpers/waiting.js';

const LIBCURL = process.platform === 'darwin' ? 'libcurl.4.dylib' : 'libcurl.so.4';
const MB = 1024 * 1024;
/** Bytes that the server sends at once. */
const PIECE = MB / 16;

const OPTION = {
  NOPROGRESS: 43,
  NOSIGNAL: 99,
  URL: 10_002,
  WRITEFUNCTION: 20_011,
  XFERINFOFUNCTION: 20_219,
} as const;
const WRITE_ERROR = 23;

/** `size_t write(char *bytes, size_t one, size_t count, void *)`: anything but `count` ends the transfer. */
const BODY = chunks(
  { arguments: ['pointer', 'u64', 'u64', 'pointer'], return: 'u64' },
  { bytes: [0, 2], stop: 0n, persistent: true, highWaterMark: 16 },
);

// curl_easy_setopt is variadic. One pointer or integer after its fixed parameters is passed like a fixed one on x64 and
// on arm64 Linux; not on Apple's arm64, where what is variadic goes by the stack.
const setopt = { symbol: 'curl_easy_setopt', return: 'i32', fails: 'nonzero' } as const;
const CURL = {
  globalInit: { symbol: 'curl_global_init', arguments: ['i64'], return: 'i32', fails: 'nonzero' },
  version: { symbol: 'curl_version', arguments: [], return: 'cstring' },
  init: { symbol: 'curl_easy_init', arguments: [], return: 'pointer', fails: 'null' },
  cleanup: { symbol: 'curl_easy_cleanup', arguments: ['pointer'], return: 'void' },
  setNumber: { ...setopt, arguments: ['pointer', 'i32', 'i64'] },
  // curl copies it.
  setText: { ...setopt, arguments: ['pointer', 'i32', 'cstring'] },
  setBody: { ...setopt, arguments: ['pointer', 'i32', BODY] },
  setProbe: { ...setopt, arguments: ['pointer', 'i32', 'cancelProbe'] },
  download: {
    symbol: 'curl_easy_perform',
    arguments: ['pointer'],
    return: 'i32',
    fails: 'nonzero',
    stream: BODY,
  },
  perform: { symbol: 'curl_easy_perform', arguments: ['pointer'], return: 'i32', fails: 'nonzero' },
} as const;

/** Megabyte number `index` of every body. */
function megabyte(index: number): Buffer {
  const bytes = Buffer.alloc(MB);
  for (let at = 0; at < MB; at += 4) bytes.writeUInt32LE((at * 2_654_435_761 + index) >>> 0, at);
  return bytes;
}

function hashOf(megabytes: number): string {
  const hash = createHash('sha256');
  for (let index = 0; index < megabytes; index++) hash.update(megabyte(index));
  return hash.digest('hex');
}

/** A server on loopback: /body/N has N megabytes, /silence never answers. */
class Site {
  readonly #server: Server = createServer((request, response) => this.#answer(request, response));
  /** Bytes that have been taken to be sent. */
  sent = 0;
  /** Answers under way. */
  open = 0;
  /** Answers whose client went away before their end. */
  broken = 0;

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.open += 1;
    response.once('close', () => {
      this.open -= 1;
      if (!response.writableFinished) this.broken += 1;
    });
    const megabytes = /^\/body\/(\d+)$/.exec(request.url ?? '')?.[1];
    if (megabytes !== undefined) void this.#send(response, Number(megabytes));
  }

  async #send(response: ServerResponse, megabytes: number): Promise<void> {
    response.setHeader('content-length', megabytes * MB);
    // Fails when the client goes away, which is what some tests are about.
    await pipeline(Readable.from(this.#body(megabytes)), response).catch(() => {});
  }

  *#body(megabytes: number): Generator<Buffer> {
    for (let index = 0; index < megabytes; index++) {
      const bytes = megabyte(index);
      for (let at = 0; at < MB; at += PIECE) {
        this.sent += PIECE;
        yield bytes.subarray(at, at + PIECE);
      }
    }
  }
}

/** Whether libcurl is here: it is loaded once. */
async function hasCurl(): Promise<boolean> {
  const pool = createPool({ lanes: 1 });
  try {
    await pool.open(LIBCURL, { version: CURL.version });
    return true;
  } catch (error) {
    if (error instanceof LibraryNotFoundError) return false;
    throw error;
  } finally {
    await pool.close();
  }
}

const variadicByStack = process.platform === 'darwin' && process.arch === 'arm64';
const missing = variadicByStack ? 'curl_easy_setopt is variadic' : (await hasCurl()) ? '' : `no ${LIBCURL}`;

onCallbackEngines(`libcurl${missing && `: not here, ${missing}`}`, (engine) => {
  let pool: Pool;
  let curl: Library<typeof CURL>;
  let site: Site;
  let handle = 0n;
  before(async function () {
    if (missing !== '') return this.skip();
    // What is installed by curl_easy_setopt serves the lane that it was installed from: one lane.
    pool = createPool({ lanes: 1, grace: 10_000, timeout: 20_000 });
    curl = await pool.open(LIBCURL, CURL, { engine });
    await curl.globalInit(3n);
  });
  beforeEach(async () => {
    site = new Site();
    await site.listen();
    handle = await curl.init();
    await curl.setNumber(handle, OPTION.NOSIGNAL, 1n);
    await curl.setBody(handle, OPTION.WRITEFUNCTION);
  });
  afterEach(async () => {
    await curl.cleanup(handle);
    site.close();
    expect(pool.stats().lanes).to.include({ total: 1, lost: 0 });
  });
  after(() => pool?.close());

  const download = async (path: string): Promise<ReturnType<typeof curl.download.stream>> => {
    await curl.setText(handle, OPTION.URL, site.url(path));
    return curl.download.stream(handle);
  };

  it('downloads a body, every byte of it', async () => {
    const hash = createHash('sha256');
    let bytes = 0;
    const stream = await download('/body/16');
    expect(stream.highWaterMark).to.equal(16);
    for await (const chunk of stream) {
      bytes += chunk.length;
      hash.update(chunk);
    }
    expect(await stream.result).to.equal(0);
    expect(bytes).to.equal(16 * MB);
    expect(hash.digest('hex')).to.equal(hashOf(16));
  });

  slow('downloads 64 MB into a slow reader in bounded memory', async () => {
    // What has left the server and is not read: the sockets' buffers, and 16 chunks of at most 16 kB.
    const IN_FLIGHT = 24 * MB;
    const GROWTH = 48 * MB;
    const expected = hashOf(64);
    const before = process.memoryUsage.rss();
    const hash = createHash('sha256');
    let [read, most, growth, pieces] = [0, 0, 0, 0];
    for await (const chunk of await download('/body/64')) {
      most = Math.max(most, site.sent - read);
      growth = Math.max(growth, process.memoryUsage.rss() - before);
      read += chunk.length;
      hash.update(chunk);
      // Slow enough for the server to send all of it, if anybody took it.
      if ((pieces += 1) % 8 === 0) await wait(1);
    }
    expect(read).to.equal(64 * MB);
    expect(hash.digest('hex')).to.equal(expected);
    expect(most, 'bytes sent and not read').to.be.below(IN_FLIGHT);
    expect(growth, 'bytes of resident memory').to.be.below(GROWTH);
  });

  it('ends in the middle: the server sees its client go, and the handle is good for more', async () => {
    const stream = await download('/body/256');
    let read = 0;
    for await (const chunk of stream) if ((read += chunk.length) > 2 * MB) break;
    expect(await stream.ended()).to.equal('cancelled');
    await rejection(stream.result, CallCancelledError);
    await until(() => site.broken === 1, 'the server to see it');
    let again = 0;
    for await (const chunk of await download('/body/1')) again += chunk.length;
    expect(again).to.equal(MB);
  });

  it('ends while native code waits for its reader', async () => {
    const stream = await download('/body/256');
    const reader = stream[Symbol.asyncIterator]();
    await reader.next();
    // Sixteen chunks are unread by now, or will be: either way nobody reads them.
    expect(stream.cancel('enough')).to.equal(true);
    expect(await stream.ended()).to.equal('cancelled');
    await until(() => site.broken === 1, 'the server to see it');
    expect((await rejection(stream.result, CallCancelledError)).cause).to.equal('enough');
  });

  it('ends at its timeout when nobody reads', async () => {
    await curl.setText(handle, OPTION.URL, site.url('/body/256'));
    const stream = curl.download.with({ timeout: 200 }).stream(handle);
    await rejection(stream.result, CallTimeoutError);
    expect(await stream.ended()).to.equal('timed-out');
    await until(() => site.broken === 1, 'the server to see it');
  });

  it('fails with what an onChunk throws', async () => {
    await curl.setText(handle, OPTION.URL, site.url('/body/256'));
    const full = new Error('the disk is full');
    let read = 0;
    const onChunk = (chunk: Buffer): void => {
      if ((read += chunk.length) > MB) throw full;
    };
    const error = await rejection(curl.download.with({ onChunk })(handle), HostFunctionError);
    expect(error.cause).to.equal(full);
    await until(() => site.broken === 1, 'the server to see it');
  });

  it("tells libcurl's own failure", async () => {
    await curl.setText(handle, OPTION.URL, 'http://127.0.0.1:1/nothing-listens-here');
    const refused = await rejection(curl.download.stream(handle).result, NativeError);
    expect(refused.returned, 'CURLE_COULDNT_CONNECT').to.equal(7);
  });

  it('gives up a body that nobody is there for', async () => {
    // perform is not declared with the stream: what the write function gets belongs to no stream.
    await curl.setText(handle, OPTION.URL, site.url('/body/1'));
    const error = await rejection(curl.perform(handle), NativeError);
    expect(error.returned).to.equal(WRITE_ERROR);
    expect(pool.stats().lateCallbacks).to.be.at.least(1);
  });

  it('stops a transfer through its progress function, on cancel and at a timeout', async () => {
    // curl asks at least once a second, and at every packet.
    await curl.setProbe(handle, OPTION.XFERINFOFUNCTION);
    await curl.setNumber(handle, OPTION.NOPROGRESS, 0n);
    await curl.setText(handle, OPTION.URL, site.url('/silence'));
    const call = curl.perform(handle);
    await until(() => site.open === 1, 'the request to arrive');
    call.cancel('no answer');
    expect((await rejection(call, CallCancelledError)).cause).to.equal('no answer');
    expect(pool.stats().lanes.lost).to.equal(0);
    const late = await rejection(curl.perform.with({ timeout: 100 })(handle), CallTimeoutError);
    expect(late.cause, 'its lane is not lost').to.equal(undefined);
    let read = 0;
    for await (const chunk of await download('/body/1')) read += chunk.length;
    expect(read).to.equal(MB);
  });
});
