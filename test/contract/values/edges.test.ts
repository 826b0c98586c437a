/** M4, M5, M8, B6: what callers do to their buffers, signals and event loop while calls are under way. */
import { expect } from 'chai';
import { CallCancelledError, inout, type Library, out } from 'offthread';
import { onEveryEngine, rejection, sharedLab, withPool } from '../../helpers/contract.js';
import { Gate } from '../../helpers/gate.js';
import { liveStrings } from '../../helpers/oracle.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { turns, until } from '../../helpers/waiting.js';

const EDGES = {
  ot_xor_bytes: { arguments: [inout('buffer'), 'u32', 'u8'], return: 'void' },
  ot_sum_bytes: { arguments: ['buffer', 'u64'], return: 'u64' },
  ot_echo_owned: { arguments: ['cstring'], return: { cstring: { free: 'ot_free' } } },
  ot_text_out_owned: { arguments: ['cstring', out({ cstring: { free: 'ot_free' } })], return: 'i32' },
  ot_fill_slowly: { arguments: [inout('buffer'), 'u32', 'u8', 'i32', 'cancelFlag'], return: 'i32' },
} as const;

onEveryEngine('buffers that change under a call', (engine) => {
  const lab = sharedLab(engine, { lanes: 1, grace: 5_000 });
  let lib: Library<typeof EDGES>;
  before(async () => {
    lib = await lab.pool.open(testlib, EDGES, { engine });
  });

  for (const size of [100, 5_120, 1_048_576]) {
    it(`sums the right ${size} B or refuses, when a queued call's bytes are transferred away`, async () => {
      const gate = new Gate();
      const held = gate.hold(lab.lib);
      await gate.inside();
      const bytes = new Uint8Array(size).fill(3);
      const sum = lib.ot_sum_bytes(bytes, BigInt(size));
      structuredClone(bytes, { transfer: [bytes.buffer] });
      expect(bytes.byteLength).to.equal(0);
      gate.open();
      const { value, kind } = await sum.settled();
      expect(value ?? kind).to.be.oneOf([BigInt(3 * size), 'argument']);
      await held;
      expect(await lab.lib.ot_add(1, 2), 'the pool goes on').to.equal(3);
    });

    it(`ends an inout call properly whose ${size} B were transferred away meanwhile`, async () => {
      const gate = new Gate();
      const held = gate.hold(lab.lib);
      await gate.inside();
      const bytes = new Uint8Array(size);
      const call = lib.ot_xor_bytes(bytes, size, 1);
      structuredClone(bytes, { transfer: [bytes.buffer] });
      gate.open();
      const { status, kind } = await call.settled();
      expect(`${status} ${kind ?? ''}`.trim()).to.be.oneOf(['succeeded', 'failed argument']);
      await held;
      expect(await lab.lib.ot_add(1, 2), 'the pool goes on').to.equal(3);
    });
  }

  it('writes nothing back after a call was cancelled', async () => {
    const bytes = new Uint8Array(20_000);
    const call = lib.ot_fill_slowly(bytes, 20_000, 9, 100);
    await until(() => call.state === 'running', 'the call to run');
    call.cancel();
    await rejection(call, CallCancelledError);
    const seen = bytes.slice();
    await lab.lib.ot_sleep_ms(2);
    await turns(5);
    expect(Buffer.compare(bytes, seen)).to.equal(0);
  });

  it('survives a view of a resizable buffer that shrinks afterwards', async () => {
    const memory = new (
      ArrayBuffer as unknown as new (
        length: number,
        options: { maxByteLength: number },
      ) => ArrayBuffer & { resize(length: number): void }
    )(1_000, { maxByteLength: 2_000 });
    const bytes = new Uint8Array(memory, 0, 1_000).fill(2);
    const gate = new Gate();
    const held = gate.hold(lab.lib);
    await gate.inside();
    const [sum, back] = [lib.ot_sum_bytes(bytes, 1_000n), lib.ot_xor_bytes(bytes, 1_000, 1)] as const;
    memory.resize(10);
    gate.open();
    const [record, { status }] = await Promise.all([sum.settled(), back.settled()]);
    expect(record.value ?? record.kind).to.be.oneOf([2_000n, 'argument']);
    expect(status).to.be.oneOf(['succeeded', 'failed']);
    await held;
    expect(await lab.lib.ot_add(1, 2)).to.equal(3);
  });

  it('passes 5 MB of text, and takes what it owns even when the caller has given up', async () => {
    const before = liveStrings();
    const text = 'abcdefgh'.repeat(655_360);
    expect((await lib.ot_echo_owned(text)) === text).to.equal(true);
    for (let round = 0; round < 30; round++) {
      const calls = Array.from({ length: 20 }, () => lib.ot_echo_owned('given up'));
      if (round % 2 === 0) await turns(round % 3);
      for (const call of calls) call.cancel();
      await Promise.all(calls.map((call) => call.settled()));
    }
    await lab.pool.drain();
    await until(() => lab.pool.stats().lanes.lost === 0, 'lanes to come back');
    expect(await lib.ot_text_out_owned('x')).to.deep.equal([0, 'x']);
    expect(liveStrings(), 'owned strings are freed, wanted or not').to.equal(before);
  });
});

onEveryEngine('a host that is busy', (engine) => {
  slow('does not take a call for late that came back in time while nobody looked', async () => {
    await withPool(engine, { lanes: 1, grace: 20 }, async (lib, pool) => {
      expect(await lib.ot_add(1, 2)).to.equal(3);
      const call = lib.ot_sleep_ms.with({ timeout: 700 })(10);
      const start = performance.now();
      while (performance.now() - start < 900);
      expect(await call).to.equal(10);
      expect((await call.settled()).ranMs).to.be.within(9, 690);
      expect(pool.stats()).to.include({ timedOut: 0, lanesLost: 0 });
    });
  });

  it('starts the queue while this thread is busy with something else', async () => {
    await withPool(engine, { lanes: 1 }, async (lib) => {
      expect(await lib.ot_add(1, 2)).to.equal(3);
      const gate = new Gate();
      const held = gate.hold(lib);
      const start = performance.now();
      while (gate.count === 0 && performance.now() - start < 3_000);
      expect(gate.count, 'a lane took the call without the event loop').to.equal(1);
      gate.open();
      await held;
    });
  });

  it('lets signals, cancels and calls be made inside each other', async () => {
    await withPool(engine, { lanes: 1, grace: 5_000 }, async (lib, pool) => {
      const controller = new AbortController();
      const later: Promise<unknown>[] = [];
      controller.signal.addEventListener('abort', () => {
        later.push(lib.ot_add(1, 2));
        pool.cancelAll('from inside');
        later.push(lib.ot_add(3, 4));
      });
      const calls = Array.from({ length: 10 }, () =>
        lib.ot_spin_until_cancelled.with({ signal: controller.signal })(5_000),
      );
      await until(() => calls[0]?.state === 'running', 'the first to run');
      controller.abort();
      const records = await Promise.all(calls.map((call) => call.settled()));
      expect(records.every(({ status }) => status === 'cancelled')).to.equal(true);
      const [first, second] = await Promise.allSettled(later);
      expect(first?.status).to.equal('rejected');
      expect(second).to.deep.equal({ status: 'fulfilled', value: 7 });
      const { submitted, succeeded, cancelled, queued, running } = pool.stats();
      expect({ submitted, succeeded, cancelled, queued, running }).to.deep.equal({
        submitted: 12,
        succeeded: 1,
        cancelled: 11,
        queued: 0,
        running: 0,
      });
    });
  });

  it('closes from inside a listener that is told of a lost lane', async () => {
    await withPool(engine, { lanes: 1, grace: 10 }, async (lib, pool) => {
      let closing: Promise<void> | undefined;
      pool.once('lane-lost', () => {
        closing = pool.close({ timeout: 50 });
      });
      const gate = new Gate();
      const calls = [
        lib.ot_enter_and_wait.with({ timeout: 20 })(gate.entered, gate.release, 5_000),
        lib.ot_add(1, 2),
        lib.ot_add(3, 4),
      ];
      const records = await Promise.all(calls.map((call) => call.settled()));
      expect(records[0]?.status).to.equal('timed-out');
      for (const { status, kind } of records.slice(1))
        expect(kind ?? status).to.be.oneOf(['succeeded', 'closed']);
      await closing;
      expect(pool.closed).to.equal(true);
      gate.open();
    });
  });
});

onEveryEngine('large libraries', (engine) => {
  it('opens one with 3,000 functions, and calls the first and the last', async () => {
    const declarations = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, i) => [
        `a_function_with_a_long_name_${i}`,
        { symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' },
      ]),
    ) as Record<string, { symbol: 'ot_add'; arguments: ['i32', 'i32']; return: 'i32' }>;
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      const many = await pool.open(testlib, declarations, { engine });
      for (const i of [0, 2_999]) {
        expect(await many[`a_function_with_a_long_name_${i}`]?.(i, 1)).to.equal(i + 1);
      }
    });
  });
});
