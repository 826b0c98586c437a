/** B2: arguments as a text: bounded, on one line, and nothing of the values runs or stays alive. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import { persistent } from '../../../src/declare/language/persistent.js';
import { digestArguments } from '../../../src/lanes/rows/argument-digest.js';
import type { Redact } from '../../../src/options/pool-options.js';
import { detach } from '../fixture.js';

const digest = (args: readonly unknown[], redact: Redact = false): string =>
  digestArguments('f', args, redact);

const bomb = (): never => {
  throw new Error('its code ran');
};

/** A buffer whose memory was transferred. */
function detached(): Uint8Array {
  const bytes = new Uint8Array(5);
  detach(bytes.buffer);
  return bytes;
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const traps: ProxyHandler<object> = {
  get: bomb,
  has: bomb,
  getOwnPropertyDescriptor: bomb,
  getPrototypeOf: bomb,
  ownKeys: bomb,
};

/** A typed array whose getters lie and throw. */
class Liar extends Uint8Array {
  override get byteLength(): number {
    return bomb();
  }
  override get length(): number {
    return 2 ** 40;
  }
}

/** Values, how they show, and how they show when only type and size may. */
const VALUES: readonly (readonly [value: unknown, shown: string, outlined: string])[] = [
  [3, '3', '<number>'],
  [-0, '-0', '<number>'],
  [NaN, 'NaN', '<number>'],
  [-Infinity, '-Infinity', '<number>'],
  [5n, '5n', '<bigint>'],
  [-(2n ** 64n), '-18446744073709551616n', '<bigint>'],
  [10n ** 1_000_000n, '<bigint of more than 128 bits>', '<bigint>'],
  [-(10n ** 1_000n), '<bigint of more than 128 bits>', '<bigint>'],
  [true, 'true', '<boolean>'],
  [null, 'null', '<null>'],
  [undefined, 'undefined', '<undefined>'],
  [Symbol('s'), '<symbol>', '<symbol>'],
  ['abc', "'abc'", '<string of 3>'],
  ['', "''", '<string of 0>'],
  ["it's \\ \n\t\r", "'it\\'s \\\\ \\n\\t\\r'", '<string of 10>'],
  // A bell, a line separator, a right-to-left override, half a surrogate pair.
  ['\u0007\u2028\u202e\ud800', "'\\u{7}\\u{2028}\\u{202e}\\u{d800}'", '<string of 4>'],
  ['größe 大 😀', "'größe 大 😀'", '<string of 10>'],
  ['x'.repeat(1_234_567), `'${'x'.repeat(80)}…' <string of 1,234,567>`, '<string of 1,234,567>'],
  // No half of a pair is left at the cut.
  [`${'x'.repeat(79)}😀`, `'${'x'.repeat(79)}…' <string of 81>`, '<string of 81>'],
  [Buffer.from('hello'), '<5 bytes: 68 65 6c 6c 6f>', '<5 bytes>'],
  [new Uint8Array(0), '<0 bytes>', '<0 bytes>'],
  [Uint8Array.of(7), '<1 byte: 07>', '<1 byte>'],
  [new ArrayBuffer(2), '<2 bytes: 00 00>', '<2 bytes>'],
  [new Uint8Array(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2), '<2 bytes: 02 03>', '<2 bytes>'],
  [new DataView(Uint8Array.of(1, 2, 3).buffer, 2), '<1 byte: 03>', '<1 byte>'],
  [new Uint8Array(new SharedArrayBuffer(3)), '<3 bytes: 00 00 00>', '<3 bytes>'],
  [new SharedArrayBuffer(1), '<1 byte: 00>', '<1 byte>'],
  [new Liar(2), '<2 bytes: 00 00>', '<2 bytes>'],
  [new Uint8Array(1_048_576).fill(255, 16), `<1,048,576 bytes: ${'00 '.repeat(16)}…>`, '<1,048,576 bytes>'],
  [new Uint8Array(16), `<16 bytes: ${'00 '.repeat(15)}00>`, '<16 bytes>'],
  [detached(), '<detached bytes>', '<detached bytes>'],
  [detached().buffer, '<detached bytes>', '<detached bytes>'],
  [function compare() {}, '<function compare>', '<function>'],
  [() => {}, '<function>', '<function>'],
  [
    Object.defineProperty(() => {}, 'name', { value: 'n'.repeat(1_000) }),
    `<function ${'n'.repeat(40)}…>`,
    '<function>',
  ],
  [Object.defineProperty(() => {}, 'name', { get: bomb }), '<function>', '<function>'],
  [Object.defineProperty(() => {}, 'name', { value: 5 }), '<function>', '<function>'],
  [new Proxy(function inside() {}, traps), '<function>', '<function>'],
  [persistent(function kept() {}), '<persistent function kept>', '<persistent function>'],
  [
    Object.defineProperty(
      persistent(() => {}),
      'fn',
      { get: bomb },
    ),
    '<unreadable>',
    '<persistent function>',
  ],
  [new Proxy({}, traps), '<object>', '<object>'],
  [revoked(), '<object>', '<object>'],
  [{ toString: bomb, [Symbol.toPrimitive]: bomb, length: 5 }, '<object>', '<object>'],
  [Object.defineProperty({}, Symbol.toStringTag, { get: bomb }), '<object>', '<object>'],
  [[1, 2], '<object>', '<object>'],
];

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const heapMb = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

describe('digestArguments', () => {
  it('shows arguments as in the example', () => {
    expect(digest([3, 'abc', Buffer.from('hello')])).to.equal("(3, 'abc', <5 bytes: 68 65 6c 6c 6f>)");
    expect(digest([3, 'abc', Buffer.from('hello')], true)).to.equal('(<number>, <string of 3>, <5 bytes>)');
    expect(digest([])).to.equal('()');
  });

  VALUES.forEach(([value, shown, outlined], row) => {
    it(`shows ${shown.slice(0, 40)} (${row})`, () => {
      expect(digest([value])).to.equal(`(${shown})`);
      expect(digest([value], true)).to.equal(`(${outlined})`);
    });
  });

  it('gives long texts by type and size where two of them do not fit, and says how many values are left out', () => {
    const long = 'p'.repeat(80);
    expect(digest([long, long, long, 7])).to.equal(`('${long}', '${long}', … 2 more)`);
    expect(digest([long, 'q'.repeat(81), long, 7])).to.equal(
      `('${long}', <string of 81>, <string of 80>, 7)`,
    );
    const many = digest(Array.from({ length: 5_000 }, () => 1));
    expect(many).to.match(/^\((1, )+… 4,\d{3} more\)$/);
    expect(many.split('1, ').length - 1 + Number(/… ([\d,]+)/.exec(many)?.[1]?.replace(',', ''))).to.equal(
      5_000,
    );
  });

  it('looks no further than it shows', () => {
    let looks = 0;
    const args = new Proxy<unknown[]>([], {
      get: (_, key) => {
        if (key === 'length') return 2 ** 32 - 1;
        looks += 1;
        return 'x'.repeat(80);
      },
    });
    const text = digest(args);
    expect(text).to.match(/ … 4,294,967,\d{3} more\)$/);
    expect(looks).to.be.below(20);
  });

  it('is bounded, on one line, and never throws, whatever the values', () => {
    const value = fc.oneof(
      { weight: 2, arbitrary: fc.nat(VALUES.length - 1).map((at) => ({ value: VALUES[at]?.[0] })) },
      fc.string({ unit: 'binary', maxLength: 300, size: 'max' }).map((text) => ({ value: text })),
      fc
        .string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) })
        .map((text) => ({ value: text })),
      fc.anything().map((any) => ({ value: any })),
    );
    const redact = fc.oneof(
      fc.boolean(),
      fc.string({ unit: 'binary', maxLength: 300, size: 'max' }).map((text) => () => text),
      fc.constant(bomb),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 32, size: 'max' }), redact, (boxes, redact) => {
        const text = digest(
          boxes.map(({ value }) => value),
          redact,
        );
        expect(text.length).to.be.at.most(200);
        expect(text).to.match(/^\(.*\)$/u);
        expect(text).to.not.match(/[\p{C}\u2028\u2029]/u);
        expect(text.isWellFormed()).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it('shows what a redact function says of each value, and tells it which one that is', () => {
    const asked: unknown[] = [];
    const redact = (...all: unknown[]): string => {
      asked.push(all);
      return all[1] === 0 ? '***' : '';
    };
    expect(digestArguments('login', ['secret', 5n], redact)).to.equal('(***, )');
    expect(asked).to.deep.equal([
      ['secret', 0, 'login'],
      [5n, 1, 'login'],
    ]);
  });

  it('gives type and size where a redact function fails, for that value only', () => {
    const redact = (value: unknown): string => {
      if (value === 'throws') throw new Error('no');
      if (value === 'promises') return Promise.resolve('text') as unknown as string;
      if (value === 'nothing') return undefined as unknown as string;
      return 'said';
    };
    expect(digest(['throws', 'promises', 'nothing', 1], redact)).to.equal(
      '(<string of 6>, <string of 8>, <string of 7>, said)',
    );
    expect(digest(['throws'], new Proxy(() => '', { apply: bomb }))).to.equal('(<string of 6>)');
  });

  it('bounds what a redact function says, and keeps it on one line', () => {
    expect(digest([1, 2], () => `a\nb${'c'.repeat(1_000_000)}`)).to.equal(
      `(${`a\\nb${'c'.repeat(76)}…, `.repeat(2)}`.slice(0, -2).concat(')'),
    );
    const said = 'd'.repeat(70);
    expect(
      digest([1, 2, 'secret'], () => said),
      'no size instead of what was said',
    ).to.equal(`(${said}, ${said}, … 1 more)`);
  });

  for (const [what, redact] of [
    ['a string', false],
    ['what a redact function says', (value: unknown) => value as string],
  ] as const) {
    it(`does not keep ${what} alive`, () => {
      const before = heapMb();
      const digests = Array.from({ length: 20 }, (_, index) => {
        const text = `${index} ${'s'.repeat(4_000_000)}`;
        return digest([text, 1], redact);
      });
      expect(heapMb() - before, 'MB').to.be.below(20);
      expect(digests).to.have.length(20);
    });
  }
});
