/**
 * Everybody who can have native code compute zlib's CRC-32 of bytes, by each of
 * the ways that bytes can get there.
 */
import { load } from 'koffi';
import { type Bytes, type Pool, createPool, lend, transfer } from 'offthread';
import { ByteSamples } from './byte-samples.js';
import type { Contestant, Ffi } from '../contestant.js';
import { bytesInNewThread, linkFfiRs } from '../libraries/ffi-rs-calls.js';
import { type JobPool, jobPools } from '../libraries/job-pools.js';
import { lengthenKoffiQueue, promised } from '../libraries/koffi-async.js';
import { testlib } from '../../harness/paths.js';
import { zlib } from '../libraries/zlib.js';

/**
 * Copied: the bytes stay the caller's, whatever has to be done for that.
 * Shared: they are in a SharedArrayBuffer. Transferred: they are given away, so
 * each call is made with fresh ones, a copy made by the caller. Lent: native
 * code is given a pointer to the caller's own.
 */
export type Way = 'copied' | 'shared' | 'transferred' | 'lent';

/** Names of those that hand out a pointer to the caller's bytes, and are no pools of workers. */
export const UNCOPIED: ReadonlySet<string> = new Set(['koffi.async', 'ffi-rs runInNewThread']);

type Checksum = (bytes: Uint8Array<ArrayBuffer>) => Promise<unknown>;

/** Somebody, and for each way in which bytes get there how: not everybody has all. */
interface Route {
  readonly who: Pick<Contestant, 'name' | 'ffi' | 'ours'>;
  readonly by: { readonly [W in Way]?: Checksum };
  /** What the checksum is to them. */
  readonly shown?: (checksum: number) => unknown;
}

export interface ByteField {
  readonly contestants: (way: Way, size: number) => Contestant[];
  readonly close: () => Promise<void>;
}

function ofPool({ name, run }: JobPool): Route {
  const send: Checksum = (bytes) => run('checksum', bytes);
  const transferred: Checksum = (bytes) => {
    const given = bytes.slice();
    return run('checksum', given, [given.buffer]);
  };
  return { who: { name, ffi: 'koffi', ours: false }, by: { copied: send, shared: send, transferred } };
}

async function ofOffthread(pool: Pool, ffi: Ffi): Promise<Route> {
  const { crc32 } = await pool.open(
    zlib,
    { crc32: { arguments: ['u64', 'buffer', 'u32'], return: 'u64' } },
    { engine: ffi },
  );
  const send = (bytes: Bytes, length: number): Promise<bigint> => crc32(0n, bytes, length);
  const by = {
    copied: (bytes) => send(bytes, bytes.length),
    shared: (bytes) => send(bytes, bytes.length),
    transferred: (bytes) => send(transfer(bytes.slice(), { release: true }), bytes.length),
    lent: (bytes) => send(lend(bytes), bytes.length),
  } satisfies Route['by'];
  return { who: { name: 'offthread', ffi, ours: true }, by, shown: BigInt };
}

/** Native code is given a pointer to the caller's bytes; who changes them meanwhile has changed them. */
function uncopied(name: string, ffi: Ffi, checksum: Checksum): Route {
  return { who: { name, ffi, ours: false }, by: { copied: checksum, shared: checksum, lent: checksum } };
}

export async function byteField(workers: number): Promise<ByteField> {
  // First of all: see there.
  lengthenKoffiQueue();
  linkFfiRs(testlib);
  const pool = createPool({ lanes: workers, maxQueue: 32_768 });
  const ours = [await ofOffthread(pool, 'koffi'), await ofOffthread(pool, 'ffi-rs')];
  const peers = jobPools(workers);
  const start = promised(load(zlib).func('crc32', 'ulong', ['ulong', 'const void *', 'uint32_t']));
  const routes = [
    ...peers.map(ofPool),
    uncopied('koffi.async', 'koffi', (bytes) => start(0, bytes, bytes.length)),
    uncopied('ffi-rs runInNewThread', 'ffi-rs', bytesInNewThread),
    ...ours,
  ];
  return {
    contestants: (way, size) => {
      const samples = new ByteSamples(size, way === 'shared');
      return routes.flatMap(({ who, by, shown = (checksum) => checksum }): Contestant[] => {
        const checksum = by[way];
        if (checksum === undefined) return [];
        return [
          {
            ...who,
            call: (call) => checksum(samples.of(call)),
            expected: (call) => shown(samples.checksum(call)),
            close: async () => {},
          },
        ];
      });
    },
    close: async () => {
      for (const peer of peers) await peer.close();
      await pool.close();
    },
  };
}
