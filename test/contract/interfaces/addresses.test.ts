/** B15: where bytes are declared, null is NULL, and an address is memory that native code has. */
import { expect } from 'chai';
import { ArgumentError, inout } from 'offthread';
import { onEveryEngine, rejection, sharedLab, thrown } from '../../helpers/contract.js';
import { Gate } from '../../helpers/gate.js';
import { testlib } from '../../helpers/testlib.js';

const FUNCTIONS = {
  ot_buffer_is_null: { arguments: ['buffer'], return: 'i32' },
  isNull: { symbol: 'ot_buffer_is_null', arguments: [inout('buffer')], return: 'i32' },
  ot_alloc: { arguments: ['u32'], return: 'pointer' },
  ot_release: { arguments: ['pointer'], return: 'void' },
  ot_fill_bytes: { arguments: [inout('buffer'), 'u32', 'u8'], return: 'void' },
  ot_sum_bytes: { arguments: ['buffer', 'size'], return: 'u64' },
  ot_copy_bytes: { arguments: [inout('buffer'), 'buffer', 'u32'], return: 'i32' },
} as const;

onEveryEngine('NULL and addresses for bytes (B15)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });

  it('passes null and 0n as NULL', async () => {
    const lib = await lab.pool.open(testlib, FUNCTIONS, { engine });
    for (const nothing of [null, 0n]) {
      expect(await lib.ot_buffer_is_null(nothing)).to.equal(1);
      expect(await lib.isNull(nothing)).to.equal(1);
      expect(lib.isNull.blocking(nothing)).to.equal(1);
    }
    expect(await lib.isNull(new Uint8Array(0))).to.equal(0);
  });

  it('passes an address, to which native code writes', async () => {
    const lib = await lab.pool.open(testlib, FUNCTIONS, { engine });
    const memory = await lib.ot_alloc(10_000);
    await lib.ot_fill_bytes(memory, 10_000, 3);
    expect(await lib.ot_sum_bytes(memory, 10_000)).to.equal(30_000n);
    const copy = new Uint8Array(10_000);
    expect(await lib.ot_copy_bytes(copy, memory, 10_000)).to.be.a('number');
    expect(copy.every((byte) => byte === 3)).to.equal(true);
    await lib.ot_copy_bytes(memory, copy.fill(5, 0, 10), 10_000);
    expect(lib.ot_sum_bytes.blocking(memory, 10_000)).to.equal(30_020n);
    await lib.ot_release(memory);
  });

  it('keeps addresses, NULL and bytes apart where calls wait', async () => {
    const lib = await lab.pool.open(testlib, FUNCTIONS, { engine });
    const memory = await lib.ot_alloc(8);
    await lib.ot_fill_bytes(memory, 8, 2);
    const gate = new Gate();
    const held = gate.hold(lab.lib);
    await gate.inside();
    const bytes = new Uint8Array(8).fill(1);
    const large = new Uint8Array(5_000).fill(1);
    const calls = Promise.all([
      lib.ot_sum_bytes(memory, 8),
      lib.ot_sum_bytes(bytes, 8),
      lib.ot_buffer_is_null(null),
      lib.isNull(0n),
      lib.ot_sum_bytes(large, 5_000),
      lib.ot_copy_bytes(large, memory, 8),
    ]);
    bytes.fill(9);
    gate.open();
    await held;
    expect((await calls).slice(0, 5)).to.deep.equal([16n, 8n, 1, 1, 5_000n]);
    expect([...large.subarray(6, 10)]).to.deep.equal([2, 2, 1, 1]);
    await lib.ot_release(memory);
  });

  it('refuses what is no address', async () => {
    const lib = await lab.pool.open(testlib, FUNCTIONS, { engine });
    for (const wrong of [-1n, 2n ** 52n, 2n ** 64n]) {
      const error = await rejection(lib.ot_buffer_is_null(wrong), ArgumentError);
      expect(error.message).to.contain('This bigint is not an address: addresses are from 0 to 2^52 - 1');
      thrown(() => lib.isNull.blocking(wrong), ArgumentError);
    }
    const missing = await rejection(lib.isNull(undefined as never), ArgumentError);
    expect(missing.message).to.contain('or null for NULL, or an address as a bigint');
  });
});
