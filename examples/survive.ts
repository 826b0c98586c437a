/**
 * Checksums of records from the network. One states a wrong length, so that native code reads beyond its memory and
 * crashes. In a process lane this fails one call, with an error that shows the call's arguments; the others go on, and
 * the program does not try the same record again.
 *
 *   npm run build && node dist/examples/survive.js
 */
import { LaneCrashedError, createPool } from 'offthread';
import { zlib as path } from './system.js';

interface SentRecord {
  readonly name: string;
  readonly body: Buffer;
  /** As its sender states it. */
  readonly length: number;
}

const records: readonly SentRecord[] = [
  { name: 'first', body: Buffer.from('hello'), length: 5 },
  { name: 'second', body: Buffer.from('damaged'), length: 4_000_000_000 },
  { name: 'third', body: Buffer.from('world'), length: 5 },
  { name: 'second, sent again', body: Buffer.from('damaged'), length: 4_000_000_000 },
];

/** Records that have crashed a lane, with the arguments of that call. */
const damaged = new Map<string, string | undefined>();
const pool = createPool({ isolation: 'process', lanes: 2, timeout: 5_000 });
const zlib = await pool.open(path, { crc32: { arguments: ['u64', 'buffer', 'u32'], return: 'u64' } });

for (const { name, body, length } of records) {
  const record = `${length} ${body.toString('base64')}`;
  if (damaged.has(record)) {
    console.log(`${name}: refused, crc32${damaged.get(record)}`);
    continue;
  }
  try {
    const sum = await zlib.crc32(0n, body, length);
    console.log(`${name}: ${sum.toString(16)}`);
  } catch (error) {
    if (!(error instanceof LaneCrashedError)) throw error;
    damaged.set(record, error.digest);
    console.log(`${name}: crashed by ${error.signal}, crc32${error.digest}`);
  }
}

const { succeeded, lanesCrashed, breaker } = pool.stats();
console.log(`${succeeded} answered; lanes crashed: ${lanesCrashed}; breaker: ${breaker}`);
await pool.close();
