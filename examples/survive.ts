/**
 * Checksums of records as they came over the network. One lies about its length, so that native code reads memory that
 * is not there and crashes. In a process lane this fails one call, with an error that says what it was called with; the
 * others go on, and the record is not tried again.
 *
 *   npm run build && node dist/examples/survive.js
 */
import { LaneCrashedError, createPool } from 'offthread';
import { zlib as path } from './system.js';

interface SentRecord {
  readonly name: string;
  readonly body: Buffer;
  /** As its sender has it. */
  readonly length: number;
}

const records: readonly SentRecord[] = [
  { name: 'first', body: Buffer.from('hello'), length: 5 },
  { name: 'second', body: Buffer.from('damaged'), length: 4_000_000_000 },
  { name: 'third', body: Buffer.from('world'), length: 5 },
  { name: 'second, sent again', body: Buffer.from('damaged'), length: 4_000_000_000 },
];

// One lane that a record has crashed is enough: the same record is refused from then on.
const pool = createPool({ isolation: 'process', lanes: 2, maxKills: 1, timeout: 5_000 });
const zlib = await pool.open(path, { crc32: { arguments: ['u64', 'buffer', 'u32'], return: 'u64' } });

for (const { name, body, length } of records) {
  try {
    const sum = await zlib.crc32(0n, body, length);
    console.log(`${name}: ${sum.toString(16)}`);
  } catch (error) {
    if (!(error instanceof LaneCrashedError)) throw error;
    const how = error.code === 'OFFTHREAD_CALL_POISONED' ? 'refused' : `crashed by ${error.signal}`;
    console.log(`${name}: ${how}, crc32${error.digest}`);
  }
}

const { succeeded, lanesCrashed, breaker } = pool.stats();
console.log(`${succeeded} answered; lanes crashed: ${lanesCrashed}; breaker: ${breaker}`);
await pool.close();
