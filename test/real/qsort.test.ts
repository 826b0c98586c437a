/** M19, M20: libc's qsort, with a comparison in JavaScript. */
import { expect } from 'chai';
import { HostFunctionError, type Library, type Pool } from 'offthread';
import { createPool } from '../helpers/lane-kind.js';
import { callback, inout } from 'offthread';
import { rejection } from '../helpers/contract.js';
import { onCallbackEngines, onCallbackThreads } from '../helpers/talk.js';
import { turns } from '../helpers/waiting.js';

const LIBC = process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6';
const LIBC_DECLARED = {
  // Elements that are C strings of a fixed room: what the comparison gets is the text.
  sortTexts: {
    symbol: 'qsort',
    arguments: [
      inout('buffer'),
      'u64',
      'u64',
      callback({ arguments: ['cstring', 'cstring'], return: 'i32' }),
    ],
    return: 'void',
  },
  // Elements of any kind: the comparison gets where they are.
  sort: {
    symbol: 'qsort',
    arguments: [
      inout('buffer'),
      'u64',
      'u64',
      callback({ arguments: ['pointer', 'pointer'], return: 'i32' }),
    ],
    return: 'void',
  },
  memcmp: { arguments: ['pointer', 'pointer', 'u64'], return: 'i32' },
} as const;

/**
 * glibc's qsort_r hands its last argument on to the comparison. It is a `void *` there; here it is a number, the size of
 * an element, and so says how many bytes the other two point to.
 */
const GLIBC = {
  qsort_r: {
    arguments: [
      inout('buffer'),
      'u64',
      'u64',
      callback({ arguments: [{ bytes: 2 }, { bytes: 2 }, 'u64'], return: 'i32' }),
      'u64',
    ],
    return: 'void',
  },
} as const;

/** Numbers without an order, the same at each run. */
function scrambled(count: number): number[] {
  let state = 12_345;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    return state >> 8;
  });
}

const inOrder = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);

onCallbackThreads('libc, qsort', (engine) => {
  let pool: Pool;
  let libc: Library<typeof LIBC_DECLARED>;
  before(async () => {
    pool = createPool({ lanes: 2, timeout: 20_000 });
    libc = await pool.open(LIBC, LIBC_DECLARED, { engine });
  });
  after(() => pool.close());

  const ROOM = 32;
  const texts = (list: readonly string[]): Buffer =>
    Buffer.concat(list.map((text) => Buffer.concat([Buffer.from(text), Buffer.alloc(ROOM)], ROOM)));
  const listOf = (bytes: Buffer): string[] =>
    Array.from({ length: bytes.length / ROOM }, (_, index) => {
      const element = bytes.subarray(index * ROOM, (index + 1) * ROOM);
      return element.toString('utf8', 0, element.indexOf(0));
    });

  it('sorts texts as the reader of a language expects', async () => {
    const { compare } = new Intl.Collator('de', { numeric: true });
    const bytes = texts(['Zug', 'Bild 10', 'Äpfel', 'Bild 9', '', 'apfel']);
    await libc.sortTexts(bytes, 6n, BigInt(ROOM), (a, b) => compare(a ?? '', b ?? ''));
    expect(listOf(bytes)).to.deep.equal(['', 'apfel', 'Äpfel', 'Bild 9', 'Bild 10', 'Zug']);
  });

  it('sorts with a comparison that awaits what it says', async () => {
    const ranks = new Map([
      ['low', 1],
      ['middle', 2],
      ['high', 3],
    ]);
    const rank = async (name: string | null): Promise<number> => {
      await turns(1);
      return ranks.get(name ?? '') ?? 0;
    };
    const bytes = texts(['high', 'low', 'middle', 'low', 'high']);
    await libc.sortTexts(bytes, 5n, BigInt(ROOM), async (a, b) => (await rank(a)) - (await rank(b)));
    expect(listOf(bytes)).to.deep.equal(['low', 'low', 'middle', 'high', 'high']);
  });

  it('sorts elements that it knows the address of, with another function of libc', async () => {
    // The comparison makes a call of its own, in the lane that is free.
    const elements = scrambled(60).map((n) => Buffer.from(String(n >>> 0).padStart(8, '0')).subarray(0, 8));
    const bytes = Buffer.concat(elements);
    await libc.sort(bytes, 60n, 8n, (a, b) => libc.memcmp(a, b, 8n));
    expect(bytes.toString()).to.equal(
      elements
        .map(String)
        .sort((a, b) => (a < b ? -1 : 1))
        .join(''),
    );
  });

  it('sorts in place in shared memory', async () => {
    const shared = Buffer.from(new SharedArrayBuffer(3 * ROOM));
    texts(['c', 'a', 'b']).copy(shared);
    await libc.sortTexts(shared, 3n, BigInt(ROOM), (a, b) => ((a ?? '') < (b ?? '') ? -1 : 1));
    expect(listOf(shared)).to.deep.equal(['a', 'b', 'c']);
  });

  it('fails with what the comparison throws, and is not asked again', async () => {
    const boom = new TypeError('these two cannot be compared');
    let asked = 0;
    const bytes = texts(['c', 'b', 'a', 'd', 'e', 'f']);
    const call = libc.sortTexts(bytes, 6n, BigInt(ROOM), () => {
      asked += 1;
      if (asked === 3) throw boom;
      return 0;
    });
    const error = await rejection(call, HostFunctionError);
    expect(error.cause).to.equal(boom);
    expect(asked).to.equal(3);
  });

  it('fails when the comparison gives what is no int', async () => {
    const wrong = libc.sortTexts(texts(['b', 'a']), 2n, BigInt(ROOM), () => 0.5);
    expect((await rejection(wrong, HostFunctionError)).code).to.equal('OFFTHREAD_HOST_FUNCTION_RESULT');
  });
});

/** Elsewhere it is missing, or takes its arguments in another order. */
const glibc = process.platform === 'linux';

onCallbackEngines(`libc, qsort_r${glibc ? '' : ': not here, it is a function of glibc'}`, (engine) => {
  let pool: Pool;
  let libc: Library<typeof GLIBC>;
  before(async function () {
    if (!glibc) return this.skip();
    pool = createPool({ lanes: 2, timeout: 20_000 });
    libc = await pool.open(LIBC, GLIBC, { engine });
  });
  after(() => pool?.close());

  const SIZE = 4n;

  it('sorts 2,000 integers', async () => {
    const numbers = scrambled(2_000);
    const elements = Int32Array.from(numbers);
    let asked = 0;
    await libc.qsort_r(
      elements,
      2_000n,
      SIZE,
      (a, b, size) => {
        asked += 1;
        if (a.length !== 4 || b.length !== 4 || size !== SIZE)
          throw new Error(`${a.length}, ${b.length}, ${size}`);
        return Math.sign(a.readInt32LE() - b.readInt32LE());
      },
      SIZE,
    );
    expect([...elements]).to.deep.equal(inOrder(numbers));
    expect(asked).to.be.at.least(2_000);
  });

  it('sorts four lists at once, each with its own comparison', async () => {
    const lists = [1, 2, 3, 4].map((factor) => scrambled(300).map((n) => (n * factor) | 0));
    await Promise.all(
      lists.map(async (numbers, index) => {
        const elements = Int32Array.from(numbers);
        const down = index % 2 === 1;
        await libc.qsort_r(
          elements,
          300n,
          SIZE,
          async (a, b) => {
            await Promise.resolve();
            const order = Math.sign(a.readInt32LE() - b.readInt32LE());
            return down ? -order : order;
          },
          SIZE,
        );
        const sorted = inOrder(numbers);
        expect([...elements]).to.deep.equal(down ? sorted.toReversed() : sorted);
      }),
    );
  });

  it('gives the comparison copies: what it writes does not change the list', async () => {
    const elements = Int32Array.from([3, 1, 2]);
    await libc.qsort_r(
      elements,
      3n,
      SIZE,
      (a, b) => {
        const order = a.readInt32LE() - b.readInt32LE();
        a.fill(0xff);
        b.fill(0xff);
        return order;
      },
      SIZE,
    );
    expect([...elements]).to.deep.equal([1, 2, 3]);
  });
});
