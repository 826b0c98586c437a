/**
 * A server that stays responsive while native code works, and answers 503 when it is overloaded.
 *
 *   npm run build && node dist/examples/server.js [PORT]
 *
 *   GET /health          answered at once, even while all lanes are busy
 *   GET /checksum?mb=64  works in a lane; ends when the client goes away; 503 when the queue is full
 */
import { createServer, type ServerResponse } from 'node:http';
import { OffthreadError, createPool } from 'offthread';
import { zlib as path } from './system.js';

const pool = createPool({ lanes: 2, maxQueue: 8, timeout: 10_000 });
const zlib = await pool.open(path, { crc32: { arguments: ['u64', 'buffer', 'u32'], return: 'u64' } });

/** What a failure of a call means to a client. */
const STATUS: Readonly<Record<string, number>> = { 'queue-full': 503, timeout: 504, argument: 400 };

async function checksum(mb: number, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the client went away')));
  const bytes = new Uint8Array(new SharedArrayBuffer(mb * 1_000_000));
  const sum = await zlib.crc32.with({ signal: gone.signal, deadline: 15_000 })(0n, bytes, bytes.length);
  response.end(`${sum.toString(16)}\n`);
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/health') {
    const { running, queued, lanes } = pool.stats();
    response.end(`${JSON.stringify({ running, queued, lost: lanes.lost })}\n`);
  } else if (pathname === '/checksum') {
    const mb = Math.min(256, Math.max(1, Number(searchParams.get('mb') ?? 1) || 1));
    checksum(mb, response).catch((error: unknown) => {
      if (!(error instanceof OffthreadError)) throw error;
      response.statusCode = STATUS[error.kind] ?? 500;
      response.end(`${error.code}\n`);
    });
  } else {
    response.statusCode = 404;
    response.end();
  }
});

server.listen(Number(process.argv[2] ?? 8080), 'localhost', () => {
  const address = server.address();
  console.log(`http://localhost:${typeof address === 'object' ? address?.port : address}/health`);
});

process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void pool.close({ timeout: 5_000 });
});
