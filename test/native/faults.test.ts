/** What native/testlib and native/faultlib do to a process, each in one of its own; koffi calls them directly. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { faultlib } from '../helpers/faults.js';
import { byExit, byExitNow, bySignal } from '../helpers/fault-functions.js';
import { testlib } from '../helpers/testlib.js';
import { slow } from '../helpers/fast-run.js';

interface End {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a few lines in a process of their own, with `call(prototype, ...arguments)`, `word()` and `say(value)` at hand. */
function apart(code: string, env: NodeJS.ProcessEnv = {}, library = testlib): End {
  const koffiAt = fileURLToPath(import.meta.resolve('koffi'));
  const prelude = `const koffi = require(${JSON.stringify(koffiAt)});
    koffi.proto('int OtNumber(int)');
    koffi.proto('int OtChunk(int, uint8_t *, uint32_t)');
    const library = koffi.load(${JSON.stringify(library)});
    const call = (prototype, ...args) => library.func(prototype)(...args);
    const word = (value = 0) => new Int32Array(new SharedArrayBuffer(4)).fill(value);
    const say = (value) => require('node:fs').writeSync(1, value + '\\n');`;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['-e', prelude + code], {
    encoding: 'utf8',
    timeout: 15_000,
    killSignal: 'SIGKILL',
    env: { ...process.env, ...env },
  });
  return { status, signal, stdout, stderr };
}

const died = ({ status, signal }: End): unknown => signal ?? status;

describe('native/testlib: ways to die', function () {
  this.timeout(40_000);

  slow('by every signal, by exit and by _exit', () => {
    for (const name of ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTERM', 'SIGKILL'] as const) {
      expect(died(apart(`call('int ot_die(int)', ${constants.signals[name]})`))).to.equal(name);
    }
    expect(died(apart(`call('int ot_die(int)', ${byExit(3)})`))).to.equal(3);
    expect(died(apart(`call('int ot_die(int)', ${byExitNow(4)})`))).to.equal(4);
    expect(apart("say(call('int ot_die(int)', 0))").stdout).to.equal('0\n');
    expect(apart(`say(call('int ot_die_if(int, int, int)', 7, 8, 11))`).stdout).to.equal('7\n');
    expect(died(apart(`call('int ot_die_if(int, int, int)', 8, 8, 11)`))).to.equal('SIGSEGV');
  });

  it('when a word is set, behind other calls, and in a callback', () => {
    expect(died(apart("call('int ot_die_when(int32_t *, int32_t *, int)', word(), word(6), 9000)"))).to.equal(
      'SIGABRT',
    );
    expect(
      apart("say(call('int ot_die_when(int32_t *, int32_t *, int)', word(), word(), 1))").stdout,
    ).to.equal('-1\n');
    const behind = "const how = word(); call('int ot_die_behind(int32_t *, int)', how, 9000);";
    expect(died(apart(`${behind} say('on'); how[0] = 11; setInterval(() => {}, 1000);`))).to.equal('SIGSEGV');
    const doomed = `const how = word();
      call('int ot_call_doomed(OtNumber *, int, int32_t *, int)', () => { how[0] = 11; for (;;); }, 1, how, 9000)`;
    expect(died(apart(doomed))).to.equal('SIGSEGV');
  });

  it('after callbacks and chunks', () => {
    const asked = "call('int ot_call_then_die(OtNumber *, int, int)', (n) => (say(n), n), 2, 6)";
    expect(apart(asked)).to.include({ signal: 'SIGABRT', stdout: '0\n1\n' });
    const sent = "call('int ot_stream_then_die(OtChunk *, int, int, int)', (n) => (say(n), 0), 3, 8, 2005)";
    expect(apart(sent)).to.include({ status: 5, stdout: '0\n1\n2\n' });
  });

  it('only once for a mark', () => {
    const folder = mkdtempSync(join(tmpdir(), 'offthread-faults-'));
    try {
      const once = `say(call('int ot_die_once(const char *, int)', ${JSON.stringify(join(folder, 'mark'))}, 11))`;
      expect(died(apart(once))).to.equal('SIGSEGV');
      expect(apart(once).stdout).to.equal('1\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('when its texts are read or freed, and in an atexit handler', () => {
    expect(died(apart("call('const char *ot_bad_text()')"))).to.equal('SIGSEGV');
    expect(apart("say(call('const char *ot_bad_text_if(int, int)', 1, 2))").stdout).to.equal('good\n');
    expect(died(apart("call('void ot_die_freeing(void *)', Buffer.from('x'))"))).to.equal('SIGABRT');
    const atExit = `call('int ot_die_at_exit(int)', ${bySignal('SIGSEGV')}); process.exit(0)`;
    expect(died(apart(atExit))).to.equal('SIGSEGV');
  });

  it('with last words', () => {
    const end = apart("call('int ot_complain(const char *, int, int)', 'trouble', 3, 6)");
    expect(end).to.include({ signal: 'SIGABRT', stderr: 'trouble 1\ntrouble 2\ntrouble 3\n' });
    const raw = "call('int ot_complain_raw(uint8_t *, uint32_t, int)', Buffer.from('no newline'), 10, 6)";
    expect(apart(raw)).to.include({ signal: 'SIGABRT', stderr: 'no newline' });
  });
});

describe('native/testlib: what leaves a process unfit', function () {
  this.timeout(40_000);

  it('hangs deaf to SIGTERM', () => {
    const deaf = `
      const entered = word();
      library.func('int ot_hang_deaf(int32_t *)').async(entered, () => {});
      const look = setInterval(() => {
        if (Atomics.load(entered, 0) === 0) return;
        clearInterval(look);
        process.kill(process.pid, 'SIGTERM');
        setTimeout(() => { say('alive'); process.kill(process.pid, 'SIGKILL'); }, 50);
      }, 1);`;
    expect(apart(deaf)).to.include({ signal: 'SIGKILL', stdout: 'alive\n' });
  });

  it('takes locks that processes share', () => {
    const end = apart(`
      const lock = word();
      say(call('int ot_lock(int32_t *, int)', lock, 1) + ' ' + (lock[0] === process.pid));
      say(call('int ot_lock(int32_t *, int)', lock, 1));
      say(call('int ot_unlock(int32_t *)', lock) + ' ' + call('int ot_unlock(int32_t *)', lock));
      call('int ot_die_holding(int32_t *, int)', lock, 9);`);
    expect(end).to.include({ signal: 'SIGKILL', stdout: '0 true\n-1\n0 -1\n' });
  });

  it('closes descriptors, and garbles pipes', () => {
    const end = apart(`
      const { openSync, fstatSync } = require('node:fs');
      const file = openSync(process.execPath);
      say(call('int ot_close_descriptors(int)', file) >= 1);
      try { fstatSync(file); } catch ({ code }) { say(code); }`);
    expect(end.stdout).to.equal('true\nEBADF\n');
    const garble = apart(`
      say(call('int ot_garble(uint8_t *, uint32_t)', Buffer.from('x'), 1) >= 0);
      process.kill(process.pid, 'SIGKILL');`);
    expect(garble.stdout).to.equal('true\n');
  });

  it('forks a process that holds its descriptors', () => {
    const started = performance.now();
    const end = apart("say(call('int ot_fork_holding(int)', 300) > 0); process.exit(0)");
    expect(end).to.include({ status: 0, stdout: 'true\n' });
    expect(performance.now() - started, 'its output was held for that long').to.be.greaterThan(300);
  });

  if (process.platform === 'linux') {
    it('runs out of memory (Linux: needs the size in /proc)', () => {
      const limited = "call('int ot_limit_memory(int)', 64);";
      expect(apart(`${limited} say(call('int ot_eat_memory(int)', 1000) < 1000)`).stdout).to.equal('true\n');
      const end = apart(`${limited} call('int ot_take_memory(int)', 1000)`);
      expect(end).to.include({ signal: 'SIGABRT', stderr: 'out of memory\n' });
    });
  }

  it('scribbles over what lies around its bytes, and gives endless texts', () => {
    const end = apart(`
      const bytes = Buffer.alloc(64);
      say(call('int ot_scribble(uint8_t *, int, int, uint8_t)', bytes.subarray(32, 48), 16, 20, 7));
      say(bytes.join(''));
      const text = call('void *ot_endless_text(int)', 3);
      say(call('int ot_strlen(void *)', text));
      say(koffi.decode(text, 'char', 3));`);
    expect(end.stdout).to.equal(`36\n${'0'.repeat(16)}${'7'.repeat(36)}${'0'.repeat(12)}\n3145728\naaa\n`);
  });
});

describe('native/faultlib', function () {
  this.timeout(40_000);
  const load = (env: NodeJS.ProcessEnv): End => apart("say('loaded')", env, faultlib);

  it('loads where nothing is asked of it', () => {
    expect(load({})).to.include({ status: 0, stdout: 'loaded\n' });
    expect(apart("say(call('int of_add(int, int)', 1, 2))", {}, faultlib).stdout).to.equal('3\n');
  });

  slow('dies in its constructor, in each way', () => {
    const ways = ['segv', 'abort', 'kill', 'exit', 'exit-now', 'complain'];
    const ends = ways.map((how) => load({ OFF_FAULT: how }));
    expect(ends.map(died)).to.deep.equal(['SIGSEGV', 'SIGABRT', 'SIGKILL', 3, 3, 'SIGABRT']);
    expect(ends.map(({ stdout }) => stdout).join('')).to.equal('');
    expect(ends.at(-1)?.stderr).to.equal('offfault: not today\n');
  });

  it('dies while a file says so, counts its loads, and dies at the end', () => {
    const folder = mkdtempSync(join(tmpdir(), 'offthread-faultlib-'));
    try {
      const [when, mark] = [join(folder, 'when'), join(folder, 'mark')];
      const env = { OFF_FAULT: 'segv', OFF_FAULT_WHEN: when, OFF_FAULT_MARK: mark };
      expect(load(env).stdout).to.equal('loaded\n');
      writeFileSync(when, '');
      expect(died(load(env))).to.equal('SIGSEGV');
      expect(existsSync(mark) && readFileSync(mark, 'utf8')).to.equal('..');
      expect(load({ OFF_FAULT_AT_END: 'abort' })).to.include({ signal: 'SIGABRT', stdout: 'loaded\n' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
