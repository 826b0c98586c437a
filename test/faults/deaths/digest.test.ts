/** B2: the digest of the arguments that a lane died with: bounded, on one line, and hidden where that is asked for. */
import { inspect } from 'node:util';
import { expect } from 'chai';
import { crash, lanesWith, onEvent, onProcessLanes, type Told } from '../../helpers/faults.js';
import { FAULTS, SEGV } from '../../helpers/fault-functions.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import type { LaneCrashedError, PoolOptions } from 'offthread';

const withLanes = lanesWith(testlib, {
  ...FAULTS,
  /** Parameters of other types than its own do not reach what it reads. */
  ot_crash_segv: { arguments: ['i64', 'f64', 'bool', 'pointer', 'cstring'], return: 'i32' },
});
const options = (redact?: PoolOptions['redact']): PoolOptions => ({
  maxDeaths: Infinity,
  ...(redact === undefined ? {} : { redact }),
});

/** Everything that an error shows of itself. */
const shown = (error: LaneCrashedError): string => `${error.message}\n${error.digest}\n${inspect(error)}`;

onProcessLanes('the digest of arguments (B2)', (ground) => {
  it('shows what native code was given, whatever has become of the buffer since', async () => {
    await withLanes(ground, options(), async (lib) => {
      for (const size of [5, 20_000]) {
        const bytes = Buffer.alloc(size, 'ann--');
        const call = lib.ot_complain_raw(bytes, 5, SEGV);
        // The next request is read into the same buffer.
        bytes.fill('bob!!');
        const { digest = '', stderr } = await crash(call);
        expect(digest).to.match(/61 6e 6e 2d 2d/);
        expect(stderr.join()).to.match(/ann--$/);
        expect(await lib.ot_complain_raw(bytes, 5, 0), 'of these nobody has died').to.equal(0);
      }
    });
  });

  slow('shows numbers, texts and bytes', async () => {
    await withLanes(ground, options(), async (lib) => {
      expect((await crash(lib.ot_die(SEGV))).digest).to.equal(`(${SEGV})`);
      expect((await crash(lib.ot_complain('abc', 0, SEGV))).digest).to.equal(`('abc', 0, ${SEGV})`);
      expect((await crash(lib.ot_complain_raw(Buffer.from('hello'), 0, SEGV))).digest).to.equal(
        `(<5 bytes: 68 65 6c 6c 6f>, 0, ${SEGV})`,
      );
      expect((await crash(lib.ot_complain(null, 0, SEGV))).digest).to.equal(`(null, 0, ${SEGV})`);
      const { digest = '' } = await crash(lib.ot_crash_segv(-5n, 0.5, true, 4_096n, ''));
      expect(digest).to.match(/^\(-5n?, 0\.5, true, (4096|0x1000)n?, ''\)$/);
    });
  });

  slow('is bounded, whatever they are, and stays on one line', async () => {
    await withLanes(ground, { ...options(), stderr: 'capture' }, async (lib) => {
      const long = 'x'.repeat(10_000);
      const wild = 'line one\nline two\r\u0007\u001b[31m';
      const large = Buffer.alloc(1 << 20, 7);
      const errors = [
        await crash(lib.ot_complain(long, 0, SEGV)),
        await crash(lib.ot_complain(wild, 0, SEGV)),
        await crash(lib.ot_complain_raw(large, 0, SEGV)),
        await crash(lib.ot_complain('😀'.repeat(500), 0, SEGV)),
      ];
      for (const { digest = '', message } of errors) {
        expect(digest.length).to.be.within(1, 200);
        expect(digest, 'no control characters').to.not.match(/\p{Cc}/u);
        expect(digest.isWellFormed()).to.equal(true);
        expect(message.length).to.be.below(2_000);
      }
      expect(errors[0]?.digest).to.include('xxx');
      expect(errors[1]?.digest).to.include('line one');
      expect(errors[2]?.digest).to.include('1,048,576');
    });
  });

  slow('with `redact: true`: types and sizes, and no value anywhere in the error', async () => {
    await withLanes(ground, options(true), async (lib, pool) => {
      const told: Told[] = [];
      onEvent(pool, 'lane-crashed', (event) => told.push(event));
      const text = await crash(lib.ot_complain('secret!', 0, SEGV));
      const bytes = await crash(lib.ot_complain_raw(Buffer.from('topsecret'), 0, SEGV));
      const number = await crash(lib.ot_die_if(424_242, 424_242, SEGV));
      for (const error of [text, bytes, number]) {
        expect(shown(error)).to.not.match(/secret|73 65 63|424[_,]?242/);
        expect(error.digest?.length).to.be.within(1, 200);
      }
      expect(text.digest).to.include('7');
      expect(bytes.digest).to.include('9');
      for (const { error } of told)
        expect(shown(error as LaneCrashedError)).to.not.match(/secret|73 65 63|424[_,]?242/);
      expect(told).to.have.lengthOf(3);
    });
  });

  slow('with a function: what it says, for each argument', async () => {
    const asked: [unknown, number, string][] = [];
    const redact = (value: unknown, index: number, symbol: string): string => {
      asked.push([value, index, symbol]);
      return index === 0 ? '[hidden]' : `#${index}`;
    };
    await withLanes(ground, options(redact), async (lib) => {
      const error = await crash(lib.ot_complain('secret', 0, SEGV));
      expect(error.digest).to.equal('([hidden], #1, #2)');
      expect(shown(error)).to.not.include('secret');
      expect(asked.slice(0, 3)).to.deep.equal([
        ['secret', 0, 'ot_complain'],
        [0, 1, 'ot_complain'],
        [SEGV, 2, 'ot_complain'],
      ]);
      expect(await lib.ot_add(1, 2), 'nothing is asked of calls that live').to.equal(3);
      expect(asked.every(([, , symbol]) => symbol === 'ot_complain')).to.equal(true);
    });
  });

  slow('with a function that throws, or says no text, or too much: nothing is given away', async () => {
    const answers = [
      (): string => {
        throw new Error('no');
      },
      (): string => 5 as unknown as string,
      (): string => '\n'.repeat(100_000),
    ];
    for (const redact of answers) {
      await withLanes(ground, options(redact), async (lib) => {
        const error = await crash(lib.ot_complain('secret', 0, SEGV));
        expect(shown(error)).to.not.include('secret');
        expect(error.digest?.length).to.be.within(1, 200);
        expect(await lib.ot_add(1, 2)).to.equal(3);
      });
    }
  });
});
