/** M34, B2, B14: `offthread call`, as a real process on libraries that others wrote. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { runCli } from '../../helpers/command-line.js';
import { testlib } from '../../helpers/testlib.js';

const CRC32 = 'unsigned long crc32(unsigned long crc, const unsigned char *buf, unsigned int len)';

describe('cli: offthread call', () => {
  it('prints the value that the function returns, and nothing else', async () => {
    const end = await runCli(['call', 'libm.so.6', 'double hypot(double x, double y)', '3', '4']);
    expect(end).to.deep.equal({ code: 0, signal: null, stdout: '5\n', stderr: '' });
  });

  it('passes the bytes of a file, and prints a 64-bit integer with all its digits', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'offthread-')), 'data');
    const bytes = gzipSync('some bytes');
    writeFileSync(file, bytes);
    const end = await runCli(['call', 'libz.so.1', CRC32, '0', `@${file}`, String(bytes.length)]);
    expect(end.stdout).to.equal(`${crc32(bytes)}\n`);
    const most = await runCli(['call', 'libc.so.6', 'long labs(long x)', '9223372036854775807']);
    expect(most.stdout).to.equal('9223372036854775807\n');
  });

  it('prints outs by name: cells, and memory that the function filled', async () => {
    const cell = await runCli([
      'call',
      'libm.so.6',
      'double frexp(double x, int *exponent)',
      '48',
      '--out',
      'exponent',
    ]);
    expect(cell.stdout).to.equal('0.75\nexponent = 6\n');
    const filled = [
      'call',
      'libc.so.6',
      'char *strcpy(char *to, const char *from)',
      'a text',
      '--out',
      'to=16',
    ];
    expect((await runCli(filled)).stdout).to.equal('a text\nto = a text\n');
    const bytes = [
      'call',
      'libc.so.6',
      'void *memset(uint8_t *to, int byte, size_t n)',
      '255',
      '3',
      '--out',
      '0=4',
      '--json',
    ];
    const { outs } = JSON.parse((await runCli(bytes)).stdout) as { outs: Record<string, string> };
    expect(outs).to.deep.equal({ to: Buffer.from([255, 255, 255, 0]).toString('base64') });
  });

  it('tells what the call cost, when asked', async () => {
    const { stdout } = await runCli([
      'call',
      'libc.so.6',
      'int abs(int x)',
      '--timing',
      '--json',
      '--',
      '-3',
    ]);
    const { value, timing } = JSON.parse(stdout) as { value: number; timing: Record<string, number> };
    expect(value).to.equal(3);
    expect(timing['ranMs']).to.be.at.least(0);
    const { stdout: text } = await runCli(['call', 'libc.so.6', 'int abs(int x)', '--timing', '--', '-3']);
    expect(text).to.match(/^3\nran .* ms\n$/);
  });

  it('repeats', async () => {
    const { stdout } = await runCli([
      'call',
      'libc.so.6',
      'int abs(int)',
      '7',
      '--repeat',
      '20',
      '--lanes',
      '2',
    ]);
    expect(stdout).to.equal('7\n'.repeat(20));
  });

  it('names the signal and the function of a crash, and ends with 5', async () => {
    const end = await runCli(['call', testlib, 'int ot_crash_segv_if(int value, int poison)', '1', '1']);
    expect(end.code).to.equal(5);
    expect(end.stdout).to.equal('');
    expect(end.stderr).to.match(/^offthread call: .*ot_crash_segv_if.*SIGSEGV/);
    const aborted = await runCli(['call', 'libc.so.6', 'void abort(void)']);
    expect(aborted.code).to.equal(5);
    expect(aborted.stderr).to.include('SIGABRT');
  });

  it('ends a call that runs too long, with 1', async () => {
    const end = await runCli(['call', 'libc.so.6', 'unsigned sleep(unsigned s)', '60', '--timeout', '50']);
    expect(end.code).to.equal(1);
    expect(end.stderr).to.include('50 ms');
    const unit = await runCli([
      'call',
      'libc.so.6',
      'unsigned sleep(unsigned s)',
      '60',
      '--timeout',
      '0.05s',
    ]);
    expect(unit.stderr).to.equal(end.stderr);
  });

  it('ends with 1 where the result means failure, and says what the library says', async () => {
    const args = [
      'call',
      'libc.so.6',
      'int rmdir(const char *path)',
      '/no/such/folder',
      '--fails',
      'nonzero',
      '--errno',
    ];
    const end = await runCli(args);
    expect(end.code).to.equal(1);
    expect(end.stderr).to.include('ENOENT');
  });

  it('says what is wrong with the command line, and ends with 2', async () => {
    const cases: readonly (readonly [args: readonly string[], says: RegExp])[] = [
      [['call', 'libno-such.so', 'int f(void)'], /libno-such\.so/],
      [['call', 'libc.so.6', 'int no_such_function(void)'], /no_such_function/],
      [['call', 'libc.so.6', 'int abs(int x'], /\^/],
      [['call', 'libc.so.6', 'int abs(int x)'], /takes 1 argument \(x\), and got 0/],
      [['call', 'libc.so.6', 'int abs(int x)', 'three'], /argument 'x' is 'three'\. Expected a whole number/],
      [['call', 'libc.so.6', 'int abs(int x)', '3000000000'], /3000000000/],
      [['call', 'libc.so.6', 'size_t strlen(const void *x)', '@/no/such/file'], /no\/such\/file/],
      [['call', 'libc.so.6', 'size_t strlen(const void *x)', 'hex:abc'], /hexadecimal/],
      [['call', 'libc.so.6', 'size_t strlen(const void *x)', 'zeros:99999999999999'], /Expected at most/],
      [['call', 'libc.so.6', 'int abs(int x)', '1', '--out', 'y'], /'y', which is no parameter/],
      [['call', 'libc.so.6', 'int abs(int x)', '1', '--out', 'x=4'], /not a pointer to memory/],
      [['call', 'libc.so.6', 'int abs(int x)', '1', '--timeout', 'soon'], /--timeout is 'soon'/],
      [['call', 'libc.so.6', 'int atexit(void (*f)(void))', 'f'], /pointer to a function/],
      [['call', 'libc.so.6', '{ "prototype": 3 '], /no valid JSON/],
      [['call', 'libc.so.6'], /missing required argument[^]*offthread call --help/],
      [['cal'], /unknown command.*\n.*call/],
    ];
    for (const [args, says] of cases) {
      const { code, stdout, stderr } = await runCli(args);
      expect(stderr, args.join(' ')).to.match(says);
      expect(stderr, args.join(' ')).to.not.match(/\n\s+at /);
      expect({ code, stdout }, args.join(' ')).to.deep.equal({ code: 2, stdout: '' });
    }
  });

  it('says what happened when the function ends the process, in threads as in processes', async () => {
    for (const isolation of ['process', 'thread']) {
      const end = await runCli(['call', 'libc.so.6', 'void exit(int code)', '3', '--isolation', isolation]);
      expect(end.code, isolation).to.equal(5);
      expect(end.stderr).to.match(/^offthread call: exit ended its .* exited with code 3 in native code/);
    }
    const value = await runCli(['call', 'libc.so.6', 'int abs(int x)', '--isolation', 'thread', '--', '-3']);
    expect(value).to.deep.include({ code: 0, stdout: '3\n', stderr: '' });
  });

  it('keeps what the library prints on stdout apart from the results', async () => {
    const write = [
      'call',
      'libc.so.6',
      'ssize_t write(int fd, const void *bytes, size_t n)',
      '1',
      'hello\n',
      '6',
    ];
    expect(await runCli(write)).to.deep.include({ code: 0, stdout: '6\n', stderr: 'hello\n' });
  });

  it('gives advice in words of the command line', async () => {
    const { stderr } = await runCli(['call', testlib, 'int ot_die(int how)', '11']);
    expect(stderr)
      .to.match(/was killed by SIGSEGV/)
      .and.not.match(/pool\.|lanes:|error\./);
  });
});
