/** B17: what the doctor says of libraries with one property each, and of those of the system. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type LibraryReport, libraryReport } from '../../../src/cli/doctor/library/library-report.js';
import { compile } from '../../helpers/engine-probe.js';

const SHARED = ['-shared', '-fPIC'];
const library = (name: string, source: string, ...flags: string[]): string =>
  compile(`doctor-${name}.so`, source, [...SHARED, ...flags]);
const onLoad = (body: string): string =>
  `#include <pthread.h>
   #include <signal.h>
   #include <stdio.h>
   #include <stdlib.h>
   #include <unistd.h>
   static void *idle(void *x) { pause(); return x; }
   static void on_signal(int x) { (void)x; (void)idle; }
   __attribute__((constructor)) static void start(void) { (void)on_signal; ${body} }`;

/** The report, and all its findings as one text. */
async function doctor(name: string): Promise<LibraryReport & { readonly said: string }> {
  const report = await libraryReport(name);
  return { ...report, said: report.verdict.findings.map(({ text }) => text).join('\n') };
}

if (process.platform === 'linux') {
  describe('cli: the doctor on libraries', () => {
    it('finds no shared data in zlib, and some in SQLite', async () => {
      const [zlib, sqlite] = [await doctor('libz.so.1'), await doctor('libsqlite3.so.0')];
      expect(zlib.data?.sharedBytes).to.equal(0);
      expect(zlib.said).to.include('no static data');
      expect(sqlite.data?.sharedBytes).to.be.above(1_000);
      expect([zlib.verdict.lanes, sqlite.verdict.lanes]).to.deep.equal(Array(2).fill('threads-or-processes'));
    });

    it('names static data, and what each thread has of its own', async () => {
      const source = `static char answer[300]; static __thread volatile int last; const int table[9] = {1};
      char *f(int i) { last = i + table[i]; answer[0] = (char)last; return answer; }`;
      const { data, said } = await doctor(library('data', source));
      expect(data?.sharedBytes).to.be.within(300, 340);
      expect(data?.threadLocalBytes).to.equal(4);
      expect(said).to.include('answer').and.include('last').and.not.include('table');
    });

    it('finds what loading does to the process', async () => {
      const cases: readonly (readonly [name: string, body: string, says: string, lanes: string])[] = [
        ['thread', 'pthread_t t; pthread_create(&t, 0, idle, 0);', 'starts 1 thread', 'threads-or-processes'],
        [
          'print',
          'puts("hello from the library"); fflush(stdout);',
          'hello from the library',
          'threads-or-processes',
        ],
        ['signal', 'signal(SIGUSR2, on_signal);', 'SIGUSR2', 'processes'],
        ['folder', 'if (chdir("/")) abort();', 'current folder', 'processes'],
        ['environment', 'setenv("DOCTOR", "1", 1);', 'environment', 'threads-or-processes'],
      ];
      for (const [name, body, says, lanes] of cases) {
        const found = await doctor(library(name, onLoad(body)));
        expect(found.said, name).to.include(says);
        expect(found.verdict.lanes, name).to.equal(lanes);
      }
    });

    it('survives a library that crashes, ends or freezes the process that loads it', async () => {
      const crash = await doctor(library('crash', onLoad('fputs("no licence", stderr); abort();')));
      expect([crash.loading?.outcome, crash.verdict.crashes, crash.verdict.lanes]).to.deep.equal([
        'crashed',
        true,
        'none',
      ]);
      expect(crash.said).to.include('SIGABRT').and.include('no licence');
      const exit = await doctor(library('exit', onLoad('_exit(3);')));
      expect([exit.loading?.outcome, exit.verdict.crashes]).to.deep.equal(['exited', true]);
      expect(exit.said).to.include('exit code 3');
      const fell = `__attribute__((destructor)) static void end(void) { *(volatile int *)8 = 1; }`;
      const { verdict, said } = await doctor(library('fell', fell));
      expect(verdict.lanes).to.equal('processes');
      expect(said).to.include('SIGSEGV');
    });

    it('says why a library cannot be loaded, whatever the reason', async () => {
      const needs = library(
        'needs',
        'int g(void); int f(void) { return g(); }',
        '-Wl,--no-as-needed',
        '-Wl,-rpath,/no',
        '-l:doctor-gone.so',
        ...goneBeside(),
      );
      const missing = await doctor(needs);
      expect(missing.said).to.include('doctor-gone.so').and.include('LD_LIBRARY_PATH');
      const undefined_ = await doctor(
        library('undefined', 'int no_such_thing(void); int f(void) { return no_such_thing(); }'),
      );
      expect(undefined_.said).to.include('no_such_thing');
      const text = join(mkdtempSync(join(tmpdir(), 'offthread-')), 'text.so');
      writeFileSync(text, 'no library');
      for (const found of [
        missing,
        undefined_,
        await doctor(text),
        await doctor('/no/such.so'),
        await doctor('libno-such.so'),
      ]) {
        expect(found.verdict.lanes).to.equal('none');
        expect(found.verdict.findings.every(({ weight }) => weight !== 'fine')).to.equal(true);
      }
    });

    it('knows an add-on', async () => {
      const addOn = library(
        'add-on',
        'void *napi_register_module_v1(void *env, void *exports) { (void)env; return exports; }',
      );
      expect((await doctor(addOn)).said).to.include('add-on of Node.js');
    });
  });
}

/** A library to link with, and flags that find it; the folder is not searched when the result is loaded. */
function goneBeside(): string[] {
  const path = compile('doctor-gone.so', 'int g(void) { return 1; }', SHARED);
  return [`-L${join(path, '..')}`];
}
