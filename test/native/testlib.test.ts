/**
 * The native test library does what its header says. koffi opens it directly,
 * so that nothing of offthread stands between.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import koffi from 'koffi';
import { testlib } from '../helpers/testlib.js';
import { slow } from '../helpers/fast-run.js';

const library = koffi.load(testlib);
type Native = (...args: unknown[]) => unknown;
const native = (prototype: string): Native => library.func(prototype);

/** A 32-bit word, or a 64-bit one, that native code and this thread both see. */
const word = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));

/** Runs a few lines in a process of their own, with `call(prototype, ...arguments)` at hand. */
function apart(
  code: string,
  timeout = 10_000,
): { status: number | null; signal: NodeJS.Signals | null; stdout: string } {
  const koffiAt = fileURLToPath(import.meta.resolve('koffi'));
  const prelude = `const library = require(${JSON.stringify(koffiAt)}).load(${JSON.stringify(testlib)});
    const call = (prototype, ...args) => library.func(prototype)(...args);`;
  return spawnSync(process.execPath, ['-e', `${prelude}${code}`], {
    encoding: 'utf8',
    timeout,
    killSignal: 'SIGKILL',
  });
}

describe('native/testlib', () => {
  it('returns and adds scalars of every width', () => {
    expect(native('int8_t ot_add_i8(int8_t, int8_t)')(127, 1)).to.equal(-128);
    expect(native('uint8_t ot_add_u8(uint8_t, uint8_t)')(255, 1)).to.equal(0);
    expect(native('int16_t ot_id_i16(int16_t)')(-32_768)).to.equal(-32_768);
    expect(native('uint16_t ot_id_u16(uint16_t)')(65_535)).to.equal(65_535);
    expect(native('int ot_add(int, int)')(2_147_483_647, 1)).to.equal(-2_147_483_648);
    expect(native('uint32_t ot_add_u32(uint32_t, uint32_t)')(4_294_967_295, 2)).to.equal(1);
    expect(native('uint64_t ot_id_u64(uint64_t)')(2n ** 64n - 1n)).to.equal(2n ** 64n - 1n);
    expect(native('int64_t ot_widen_i8(int8_t)')(-1)).to.equal(-1);
    expect(native('float ot_add_f32(float, float)')(0.5, 0.25)).to.equal(0.75);
    expect(native('double ot_add_f64(double, double)')(0.1, 0.2)).to.equal(0.1 + 0.2);
    expect(native('bool ot_add_bool(bool, bool)')(false, true)).to.equal(true);
  });

  it('takes many arguments in their order', () => {
    const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    const sum10 = native(
      'int64_t ot_sum10_ints(int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, uint64_t, int32_t, int8_t)',
    );
    expect(sum10(...ten)).to.equal(55);
    expect(native(`double ot_sum10_f64(${Array(10).fill('double').join(', ')})`)(...ten)).to.equal(55);
    const mix12 = native(
      'double ot_mix12(int8_t, double, uint8_t, float, int16_t, double, uint16_t, int32_t, int64_t, bool, uint32_t, uintptr_t)',
    );
    const weighed = ten.map((value, index) => (index === 9 ? 10 : value * (index + 1)));
    expect(mix12(...ten.slice(0, 9), true, 11, 12)).to.equal(weighed.reduce((a, b) => a + b) + 121 + 144);
  });

  it('fills out and inout cells', () => {
    const divmod = native('int ot_divmod(int, int, _Out_ int *, _Out_ int *)');
    const [quotient, remainder] = [[0], [0]];
    expect(divmod(17, 5, quotient, remainder)).to.equal(0);
    expect([quotient[0], remainder[0]]).to.deep.equal([3, 2]);
    expect(divmod(17, 0, quotient, remainder)).to.equal(-1);
    const cell = [41];
    native('void ot_increment(_Inout_ int *)')(cell);
    expect(cell[0]).to.equal(42);
  });

  it('reads and changes buffers', () => {
    const bytes = Buffer.from('abc');
    expect(native('uint64_t ot_sum_bytes(const uint8_t *, size_t)')(bytes, 3)).to.equal(294);
    expect(native('uint32_t ot_checksum(const uint8_t *, uint32_t)')(bytes, 3)).to.equal(0x1a47e90b);
    native('void ot_reverse_bytes(uint8_t *, uint32_t)')(bytes, 3);
    expect(bytes.toString()).to.equal('cba');
    native('void ot_xor_bytes(uint8_t *, uint32_t, uint8_t)')(bytes, 3, 0x20);
    expect(bytes.toString()).to.equal('CBA');
    native('void ot_fill_bytes(uint8_t *, uint32_t, uint8_t)')(bytes, 2, 0x2e);
    expect(bytes.toString()).to.equal('..A');
    expect(native('int ot_buffer_is_null(const uint8_t *)')(null)).to.equal(1);
  });

  it('counts the strings that it gave away', () => {
    const live = native('int ot_live_strings()');
    const release = native('void ot_free(void *)');
    const before = live() as number;
    const long = native('void *ot_long_owned(int)')(30);
    const copy = native('void *ot_echo_owned(const char *)')('Grüße 🌍');
    expect(live()).to.equal(before + 2);
    expect(koffi.decode(long, 'char', 30)).to.equal('abcdefghijklmnopqrstuvwxyzabcd');
    expect(native('int ot_same_text(void *, const char *)')(copy, 'Grüße 🌍')).to.equal(1);
    release(long);
    release(copy);
    release(null);
    expect(live()).to.equal(before);
    expect(native('const char *ot_unicode_text()')()).to.equal('Grüße, 世界 🌍');
    expect(native('const char *ot_null_text()')()).to.equal(null);
    expect(native('int ot_strlen(const char *)')(null)).to.equal(-1);
  });

  it('reports failure by errno and by a message of the thread', async () => {
    koffi.errno(0);
    expect(native('int ot_fail_errno(int)')(constants.errno.ENOENT)).to.equal(-1);
    expect(koffi.errno()).to.equal(constants.errno.ENOENT);
    const last = native('const char *ot_last_error()');
    expect(native('int ot_fail(int)')(7)).to.equal(7);
    expect(last()).to.equal('failed with code 7');
    const elsewhere = library.func('const char *ot_last_error()');
    expect(await koffiAsync(elsewhere)).to.equal('no error');
    native('void ot_clear_error()')();
    expect(last()).to.equal('no error');
  });

  it('sees a cancel flag set by another thread, and ticks progress', async () => {
    const flag = word();
    const spin = library.func('int ot_spin_until_cancelled(const int32_t *, int)');
    const spinning = koffiAsync(spin, flag, 10_000);
    Atomics.store(flag, 0, 1);
    expect(await spinning).to.be.within(0, 9_000);
    expect(native('int ot_spin_until_cancelled(const int32_t *, int)')(word(), 1)).to.equal(-1);
    expect(native('int ot_spin_until_cancelled(const int32_t *, int)')(null, 1)).to.equal(-1);

    const progress = new Float64Array(new SharedArrayBuffer(16));
    const steps = native('int ot_spin_with_progress(const int32_t *, double *, int, int)');
    expect(steps(flag, progress, 5, 0), 'cancelled before the first step').to.equal(0);
    expect([...progress]).to.deep.equal([0, 5]);
    expect(steps(null, progress, 5, 0)).to.equal(5);
    expect([...progress]).to.deep.equal([5, 5]);
    expect(steps(null, null, 5, 0)).to.equal(5);
  });

  it('measures how late a flag is seen', async () => {
    const flag = word();
    const setAt = new BigUint64Array(new SharedArrayBuffer(8));
    const now = native('uint64_t ot_monotonic_ns()');
    const latency = library.func('int64_t ot_cancel_latency_ns(const int32_t *, const uint64_t *, int)');
    const measured = koffiAsync(latency, flag, setAt, 10_000);
    setAt[0] = BigInt(now() as number | bigint);
    Atomics.store(flag, 0, 1);
    expect(Number(await measured)).to.be.greaterThan(0);
    if (process.platform === 'linux') {
      expect(Number(BigInt(now() as number) - process.hrtime.bigint())).to.be.within(-1e9, 1e9);
    }
  });

  it('meets by memory and by files, and knows its threads', async () => {
    const [entered, release] = [word(), word()];
    const wait = library.func('int ot_enter_and_wait(int32_t *, const int32_t *, int)');
    const waiting = [koffiAsync(wait, entered, release, 10_000), koffiAsync(wait, entered, release, 10_000)];
    while (Atomics.load(entered, 0) < 2) await new Promise(setImmediate);
    Atomics.store(release, 0, 1);
    for (const waited of await Promise.all(waiting)) expect(waited).to.be.at.least(0);

    const folder = mkdtempSync(join(tmpdir(), 'offthread-testlib-'));
    try {
      const [here, go] = [join(folder, 'here'), join(folder, 'go')];
      const file = library.func('int ot_hang_until_file(const char *, const char *, int)');
      const blocked = koffiAsync(file, here, go, 10_000);
      while (!existsSync(here)) await new Promise(setImmediate);
      writeFileSync(go, '');
      expect(await blocked).to.be.at.least(0);
    } finally {
      rmSync(folder, { recursive: true });
    }

    const id = library.func('uint64_t ot_thread_id()');
    expect(await koffiAsync(id)).not.to.equal(native('uint64_t ot_thread_id()')());
  });

  it('counts how many threads are inside at once', async () => {
    native('void ot_reset_concurrency()')();
    const visit = library.func('int ot_concurrent_enter_exit(int)');
    await Promise.all([koffiAsync(visit, 20_000), koffiAsync(visit, 20_000)]);
    expect(native('int ot_max_concurrency()')()).to.equal(2);
    expect(native('int ot_concurrency()')()).to.equal(0);
    native('void ot_reset_concurrency()')();
    expect(native('int ot_max_concurrency()')()).to.equal(0);
  });

  it('interrupts a job, and counts an interrupt of a freed one', async () => {
    const made: [unknown] = [null];
    native('int ot_job_new(_Out_ void **)')(made);
    const [job] = made;
    const run = library.func('int ot_job_run(void *, int)');
    const interrupt = native('void ot_job_interrupt(void *)');
    const free = native('int ot_job_free(void *)');
    const bad = native('int ot_job_bad_interrupts()');
    native('void ot_job_reset_counters()')();

    const running = koffiAsync(run, job, 10_000);
    const inProgress = native('int ot_job_running(void *)');
    while (inProgress(job) !== 1) await new Promise(setImmediate);
    expect(free(job), 'a running job is not freed').to.equal(-1);
    interrupt(job);
    expect(await running).to.equal(1);
    expect(run(job, 1), 'each interrupt ends one run').to.equal(0);
    interrupt(job);
    expect(native('int ot_job_run_forgetful(void *, int)')(job, 1)).to.equal(0);
    expect(bad()).to.equal(0);
    expect(free(job)).to.equal(0);
    interrupt(job);
    expect(bad()).to.equal(1);
    expect(run(job, 1)).to.equal(-1);
    expect(free(job)).to.equal(-1);
    expect(native('int ot_job_bad_frees()')()).to.equal(2);
  });

  it('calls back', () => {
    koffi.proto('int OtNumber(int)');
    koffi.proto('int OtChunk(int, uint8_t *, uint32_t)');
    expect(native('int ot_call_callback(OtNumber *, int)')((n: number) => n * n, 4)).to.equal(14);
    const chunks: string[] = [];
    const accept = (index: number, bytes: object, size: number): number => {
      chunks.push((koffi.decode(bytes, 'uint8_t', size) as number[]).join());
      return index === 2 ? 1 : 0;
    };
    expect(native('int ot_stream_chunks(OtChunk *, int, int)')(accept, 10, 2)).to.equal(2);
    expect(chunks).to.deep.equal(['0,0', '1,1', '2,2']);
  });

  slow('goes wrong in the ways that it promises', () => {
    expect(apart("call('int ot_crash_segv()')").signal).to.equal('SIGSEGV');
    expect(apart("call('int ot_crash_abort()')").signal).to.equal('SIGABRT');
    expect(apart("call('int ot_exit_now(int)', 7)").status).to.equal(7);
    expect(apart("call('int ot_use_stack(int)', 4_000)").signal, 'a stack of 2 MB').to.equal('SIGSEGV');
    expect(apart("console.log(call('int ot_use_stack(int)', 500))").stdout).to.equal('1\n');
    const hung = apart("call('int ot_hang()')", 300);
    expect(hung.signal).to.equal('SIGKILL');
  });
});

describe('native/offthread.h', () => {
  const header = fileURLToPath(new URL('../../../native/offthread.h', import.meta.url));
  const use = `#include ${JSON.stringify(header)}
    int use(const volatile int32_t *flag, volatile double *progress) {
      offthread_progress(progress, 1, 2);
      return offthread_cancelled(flag);
    }`;
  const strict = ['-Wall', '-Wextra', '-Wpedantic', '-Wcast-qual', '-Wconversion', '-Wshadow', '-Werror'];

  for (const [language, standard] of [
    ['c', 'c99'],
    ['c', 'c11'],
    ['c++', 'c++11'],
  ] as const) {
    it(`compiles without a warning as ${standard}`, function () {
      const compiler = process.env['CC'] || 'cc';
      execFileSync(compiler, ['-x', language, `-std=${standard}`, ...strict, '-fsyntax-only', '-'], {
        input: use,
      });
    });
  }
});

/** On another thread, as a promise. */
function koffiAsync(func: ReturnType<typeof library.func>, ...args: unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    func.async(...args, (error: Error | null, value: unknown) => (error ? reject(error) : resolve(value)));
  });
}
