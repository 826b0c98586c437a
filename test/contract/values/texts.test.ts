/** B6, M7: strings in and out: null, empty, non-ASCII, long, and those that the caller owns. */
import { expect } from 'chai';
import fc from 'fast-check';
import { ArgumentError, type Library, out } from 'offthread';
import { onEveryEngine, rejection, sharedLab } from '../../helpers/contract.js';
import { liveStrings } from '../../helpers/oracle.js';
import { testlib } from '../../helpers/testlib.js';

const OWNED = { cstring: { free: 'ot_free' } } as const;
const TEXTS = {
  ot_static_text: { arguments: [], return: 'cstring' },
  ot_null_text: { arguments: [], return: 'cstring' },
  ot_empty_text: { arguments: [], return: 'cstring' },
  ot_unicode_text: { arguments: [], return: 'cstring' },
  ot_invalid_text: { arguments: [], return: 'cstring' },
  ot_owned_text: { arguments: [], return: OWNED },
  ot_owned_null: { arguments: [], return: OWNED },
  ot_echo_owned: { arguments: ['cstring'], return: OWNED },
  ot_long_owned: { arguments: ['i32'], return: OWNED },
  ot_strlen: { arguments: ['cstring'], return: 'i32' },
  ot_same_text: { arguments: ['cstring', 'cstring'], return: 'i32' },
  ot_text_out_borrowed: { arguments: [out('cstring')], return: 'i32' },
  ot_text_out_owned: { arguments: ['cstring', out(OWNED)], return: 'i32' },
  ot_text_out_null: { arguments: [out(OWNED)], return: 'i32' },
} as const;

const alphabet = (bytes: number): string =>
  Array.from({ length: bytes }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');

onEveryEngine('strings (B6)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });
  let lib: Library<typeof TEXTS>;
  before(async () => {
    lib = await lab.pool.open(testlib, TEXTS, { engine });
  });

  it('reads borrowed strings: plain, empty, NULL, non-ASCII', async () => {
    expect(await lib.ot_static_text()).to.equal('offtest');
    expect(await lib.ot_empty_text()).to.equal('');
    expect(await lib.ot_null_text()).to.equal(null);
    expect(await lib.ot_unicode_text()).to.equal('Grüße, 世界 🌍');
  });

  it('reads bytes that are not UTF-8 without failing', async () => {
    expect(await lib.ot_invalid_text())
      .to.be.a('string')
      .that.includes('\uFFFD');
  });

  it('gives null as NULL, which is not the empty string', async () => {
    expect(await lib.ot_strlen(null)).to.equal(-1);
    expect(await lib.ot_strlen('')).to.equal(0);
    expect(await lib.ot_echo_owned(null)).to.equal(null);
    expect(await lib.ot_echo_owned('')).to.equal('');
  });

  it('gives native code UTF-8', async () => {
    expect(await lib.ot_strlen('世界 🌍')).to.equal(Buffer.byteLength('世界 🌍'));
    expect(await lib.ot_same_text('Grüße', 'Grüße')).to.not.equal(await lib.ot_same_text('Grüße', 'Gruße'));
  });

  for (const bytes of [4_095, 4_096, 5_000, 130_000, 300_000]) {
    it(`passes a string of ${bytes} bytes in and out`, async () => {
      const text = alphabet(bytes);
      expect(await lib.ot_strlen(text)).to.equal(bytes);
      expect((await lib.ot_echo_owned(text)) === text, 'the echo is the same').to.equal(true);
      expect((await lib.ot_long_owned(bytes)) === text, 'a string made by native code').to.equal(true);
    });
  }

  it('passes a long string whose characters take two to four bytes', async () => {
    const text = 'ü世🌍'.repeat(14_000);
    expect(await lib.ot_strlen(text)).to.equal(9 * 14_000);
    expect((await lib.ot_echo_owned(text)) === text).to.equal(true);
  });

  it('passes any text', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 200 }).filter((one) => !one.includes('\0'));
    await fc.assert(
      fc.asyncProperty(text, text, async (one, other) => {
        const echoes = await Promise.all([lib.ot_echo_owned(one), lib.ot_echo_owned(other)]);
        expect(echoes).to.deep.equal([one, other]);
      }),
      { numRuns: 50 },
    );
  });

  it('frees owned strings, once each (M7)', async () => {
    const before = liveStrings();
    const texts = await Promise.all(Array.from({ length: 200 }, (_, i) => lib.ot_echo_owned(`text ${i}`)));
    expect(texts[199]).to.equal('text 199');
    expect(await lib.ot_owned_text()).to.equal('owned');
    expect(await lib.ot_owned_null()).to.equal(null);
    expect(await lib.ot_long_owned(200_000)).to.have.lengthOf(200_000);
    expect(liveStrings()).to.equal(before);
  });

  it('brings strings back through out parameters, borrowed, owned and NULL', async () => {
    const before = liveStrings();
    const [, borrowed] = await lib.ot_text_out_borrowed();
    expect(borrowed).to.equal('borrowed');
    expect((await lib.ot_text_out_owned('世界'))[1]).to.equal('世界');
    const long = alphabet(150_000);
    expect((await lib.ot_text_out_owned(long))[1] === long).to.equal(true);
    expect((await lib.ot_text_out_null())[1]).to.equal(null);
    expect(liveStrings()).to.equal(before);
  });

  it('frees what a blocking call owns, too', () => {
    const before = liveStrings();
    expect(lib.ot_echo_owned.blocking('im Stehen')).to.equal('im Stehen');
    expect(lib.ot_long_owned.blocking(5_000)).to.equal(alphabet(5_000));
    expect(lib.ot_text_out_owned.blocking('x')[1]).to.equal('x');
    expect(liveStrings()).to.equal(before);
  });

  it('refuses a text that C would cut short', async () => {
    const error = await rejection(lib.ot_strlen('cut\0here'), ArgumentError);
    expect(error.symbol).to.equal('ot_strlen');
  });
});
