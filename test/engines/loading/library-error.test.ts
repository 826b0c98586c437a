import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { checkLibrary } from '../../../src/engines/loading/library-check.js';
import { libraryFailure } from '../../../src/engines/loading/library-error.js';
import { loadEngine } from '../../../src/engines/load-engine.js';
import { EngineError, LibraryNotFoundError, OffthreadError } from '../../../src/errors.js';
import { from, runProcess } from '../engine-child.js';
import { compile, folder, probeLibrary } from '../../helpers/engine-probe.js';
import { ENGINES } from '../../helpers/contract.js';

const ARCHITECTURE = 'OFFTHREAD_LIBRARY_ARCHITECTURE';
const INVALID = 'OFFTHREAD_LIBRARY_INVALID';
const LOAD = 'OFFTHREAD_LIBRARY_LOAD';
const NOT_FOUND = 'OFFTHREAD_LIBRARY_NOT_FOUND';

/** A file that does not load, and the error that it must give on every engine. */
interface BadFile {
  readonly name: string;
  readonly make: (path: string) => void;
  readonly code: string;
  readonly says: RegExp;
}

const probeBytes = (): Buffer => readFileSync(probeLibrary());

/** The probe with some bytes of its header changed. */
function patched(path: string, patches: Record<number, number>): void {
  const bytes = probeBytes();
  for (const [offset, value] of Object.entries(patches)) bytes[Number(offset)] = value;
  writeFileSync(path, bytes);
}

const FOREIGN = process.arch === 'arm64' ? { machine: 62, name: 'x64' } : { machine: 183, name: 'arm64' };

const FILES: readonly BadFile[] = [
  {
    name: 'another processor',
    make: (path) => patched(path, { 18: FOREIGN.machine, 19: 0 }),
    code: ARCHITECTURE,
    says: new RegExp(`built for ${FOREIGN.name}; this Node.js is \\w+ ${process.arch}.*Use a build`),
  },
  {
    name: 'a 32-bit build',
    make: (path) => patched(path, { 4: 1 }),
    code: ARCHITECTURE,
    says: /built for \w+/,
  },
  {
    name: 'a macOS library',
    make: (path) => writeFileSync(path, Buffer.from('cffaedfe0c00000100000000'.padEnd(400, '0'), 'hex')),
    code: ARCHITECTURE,
    says: /macOS library \(arm64\)/,
  },
  {
    name: 'a Windows library',
    make: (path) => writeFileSync(path, 'MZ'.padEnd(600)),
    code: ARCHITECTURE,
    says: /Windows/,
  },
  { name: 'an empty file', make: (path) => writeFileSync(path, ''), code: INVALID, says: /is empty/ },
  { name: 'a directory', make: (path) => mkdirSync(path), code: INVALID, says: /is a directory/ },
  {
    name: 'a text',
    make: (path) => writeFileSync(path, 'not a library\n'),
    code: INVALID,
    says: /is not a library: unrecognised file header \(the bytes 6e 6f 74 20\)/,
  },
  {
    name: 'a pointer of Git LFS',
    make: (path) =>
      writeFileSync(path, 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'),
    code: INVALID,
    says: /Git LFS pointer.*git lfs pull/,
  },
  {
    name: 'a web page',
    make: (path) => writeFileSync(path, '<!DOCTYPE html>\n<title>Not found</title>\n'),
    code: INVALID,
    says: /web page.*Download it again/,
  },
  {
    name: 'a script',
    make: (path) => writeFileSync(path, '#!/bin/sh\n'),
    code: INVALID,
    says: /is a script/,
  },
  {
    name: 'a compressed archive',
    make: (path) => writeFileSync(path, gzipSync('a library')),
    code: INVALID,
    says: /compressed archive\. Unpack it/,
  },
  {
    name: 'a WebAssembly module',
    make: (path) => writeFileSync(path, Buffer.from('0061736d01000000', 'hex')),
    code: INVALID,
    says: /WebAssembly module/,
  },
  {
    name: 'a linker script',
    make: (path) =>
      writeFileSync(path, '/* GNU ld script */\nGROUP ( /lib/libm.so.6 AS_NEEDED ( /lib/libmvec.so.1 ) )'),
    code: INVALID,
    says: /linker script.*names \/lib\/libm\.so\.6: open that/,
  },
  {
    name: 'a static archive',
    make: (path) => execFileSync('ar', ['rcs', path, probeLibrary()]),
    code: INVALID,
    says: /static archive/,
  },
  {
    name: 'an object file',
    make: (path) => patched(path, { 16: 1 }),
    code: INVALID,
    says: /object file/,
  },
  {
    name: 'an executable',
    make: (path) => symlinkSync(compile(`${Math.random()}.exe`, 'int main(void) { return 0; }', []), path),
    code: INVALID,
    says: /not a shared library.*position-independent executable/,
  },
  ...[5, 40, 60, 100, 200, 3000, 9000].map(
    (size): BadFile => ({
      name: `a library cut after ${size} bytes`,
      make: (path) => {
        writeFileSync(path, probeBytes());
        truncateSync(path, size);
      },
      code: INVALID,
      says: /truncated: it has \d+ bytes/,
    }),
  ),
  {
    name: 'a FIFO',
    make: (path) => execFileSync('mkfifo', [path]),
    code: INVALID,
    says: /not a regular file/,
  },
  {
    name: 'a library whose dependency is missing',
    make: (path) => {
      const dependency = compile('libneeded77.so', 'int needed(void) { return 1; }');
      const user = compile('user.so', 'int needed(void); int use(void) { return needed(); }', [
        '-shared',
        '-fPIC',
        `-L${folder}`,
        '-lneeded77',
      ]);
      execFileSync('mv', [dependency, `${dependency}.away`]);
      symlinkSync(user, path);
    },
    code: LOAD,
    says: /needs libneeded77\.so, which was not found.*LD_LIBRARY_PATH/,
  },
  {
    name: 'a library with an unresolved symbol',
    make: (path) =>
      symlinkSync(compile('lacking.so', 'int lacked(void); int use(void) { return lacked(); }'), path),
    code: LOAD,
    says: /No library that it is linked with has 'lacked'/,
  },
  { name: 'no file', make: () => {}, code: NOT_FOUND, says: /there is no file \/.*Check the path/ },
  {
    name: 'a dangling link',
    make: (path) => symlinkSync('/nonexistent/library.so', path),
    code: NOT_FOUND,
    says: /there is no file/,
  },
];

/** What an engine says of a library in a process that looks for libraries in that folder, too. */
function said(engine: string, library: string, libraryPath: string): string {
  const { stdout } = runProcess(
    `const { loadEngine } = await import(${from('load-engine')});
     try { loadEngine('${engine}').open(${JSON.stringify(library)}); }
     catch (error) { console.log(error.name, error.code, error.message); }`,
    { LD_LIBRARY_PATH: libraryPath },
  );
  return stdout;
}

describe('libraries that do not open (M4, M34)', () => {
  const paths = new Map<BadFile, string>();

  before(() => {
    FILES.forEach((file, index) => {
      const path = join(folder, `bad-${index}.so`);
      file.make(path);
      paths.set(file, path);
    });
  });

  for (const name of ENGINES) {
    describe(`on ${name}`, () => {
      for (const file of FILES) {
        it(`${file.name}: ${file.code}`, () => {
          const path = paths.get(file) as string;
          const error = failureOf(() => loadEngine(name).open(path));
          expect(error.message).to.match(file.says).and.include(path);
          expect(error.code).to.equal(file.code);
          expect(error).to.be.instanceOf(file.code === NOT_FOUND ? LibraryNotFoundError : EngineError);
        });
      }

      it('a name that is nowhere: what was searched', () => {
        const error = failureOf(() => loadEngine(name).open('libnowhere.so.9'));
        expect(error).to.be.instanceOf(LibraryNotFoundError);
        expect(error.message).to.match(
          /'libnowhere\.so\.9'.*loader searched LD_LIBRARY_PATH \(.*\).*libz\.so\.1/,
        );
      });

      it('a name that the loader finds a linker script for: as by path, which library it names', () => {
        const away = mkdtempSync(join(tmpdir(), 'offthread-script-'));
        const script = join(away, 'libscript77.so');
        writeFileSync(script, '/* GNU ld script */\nGROUP ( /lib/libm.so.6 )'.padEnd(100));
        try {
          expect(said(name, 'libscript77.so', away)).to.equal(
            `EngineError ${INVALID} Cannot open the library 'libscript77.so': the loader resolves it to ${script}, which ` +
              'is a linker script, which only a compiler can use. The script names /lib/libm.so.6: open that file. ' +
              `(${script}: invalid ELF header)\n`,
          );
        } finally {
          rmSync(away, { recursive: true });
        }
      });

      it('a library that needs one: which file is wrong, and how', () => {
        const away = mkdtempSync(join(tmpdir(), 'offthread-needs-'));
        const needed = compile('libneeded78.so', 'int needed(void) { return 1; }');
        const flags = ['-shared', '-fPIC', `-L${folder}`, '-lneeded78'];
        const user = compile('user78.so', 'int needed(void); int use(void) { return needed(); }', flags);
        execFileSync('mv', [needed, `${needed}.away`]);
        writeFileSync(join(away, 'libneeded78.so'), '<html></html>');
        try {
          expect(said(name, user, away)).to.include(
            `Cannot open the library '${user}': it needs ${join(away, 'libneeded78.so')}, which is a web page`,
          );
        } finally {
          execFileSync('mv', [`${needed}.away`, needed]);
          rmSync(away, { recursive: true });
        }
      });

      it('an add-on that is asked for a C function: what it is, and what to open', () => {
        const addOn = join(folder, `add-on-${name}.node`);
        copyFileSync(probeLibrary(), addOn);
        const prototype = { arguments: [], returns: 'void' } as const;
        const error = failureOf(() => loadEngine(name).open(addOn).bind('init', prototype));
        expect(error.code).to.equal('OFFTHREAD_SYMBOL_NOT_FOUND');
        expect(error.message).to.match(
          /add-on-.*\.node' has no function 'init': it is a Node\.js add-on, .*Open the C library that the add-on wraps/,
        );
      });

      it('opens after a failure', () => {
        expect(loadEngine(name).open(probeLibrary()).path).to.equal(probeLibrary());
      });

      for (const [what, path] of [
        ['an empty name', ''],
        ['a name with a NUL', 'libc.so.6\0.so'],
      ] as const) {
        it(`${what} is no library`, () => {
          expect(() => loadEngine(name).open(path)).to.throw(
            LibraryNotFoundError,
            /Cannot open a library: its name/,
          );
        });
      }
    });
  }
});

describe("the loader's words", () => {
  const cases: readonly [said: string, code: string, says: RegExp][] = [
    ['dlopen failed: a.so: cannot open shared object file: Permission denied', LOAD, /permissions/],
    ['Failed to load shared library: wrong ELF class: ELFCLASS32', ARCHITECTURE, /another architecture/],
    [
      'Please check.\n Error detail info: Custom { kind: Other, error: "a.so: invalid ELF header" }',
      INVALID,
      /\(a\.so: invalid ELF header\)$/,
    ],
    [
      'Failed to load shared library: cannot open shared object file: No such file or directory',
      NOT_FOUND,
      /Cannot find/,
    ],
    ['libq.so: cannot open shared object file: No such file or directory', LOAD, /needs libq\.so/],
    ['Error loading shared library a.so: No such file or directory', NOT_FOUND, /Cannot find/],
    [
      'Error loading shared library libq.so: No such file or directory (needed by a.so)',
      LOAD,
      /needs libq\.so/,
    ],
    ['Error relocating a.so: lacked: symbol not found', LOAD, /'lacked'/],
    ["dlopen(a.so, 0x0002): tried: 'a.so' (no such file)", NOT_FOUND, /Cannot find/],
    [
      "dlopen(a.so, 0x0002): tried: 'a.so' (mach-o file, but is an incompatible architecture (have 'x86_64', need 'arm64'))",
      ARCHITECTURE,
      /another/,
    ],
    [
      'dlopen(a.so, 0x0002): Library not loaded: @rpath/libq.dylib\n  Referenced from: a.so',
      LOAD,
      /needs @rpath\/libq\.dylib/,
    ],
    ["dlopen(a.so, 0x0002): tried: 'a.so' (not a mach-o file)", INVALID, /not a shared library/],
    [
      "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.99' not found (required by a.so)",
      LOAD,
      /built on a newer system: this system lacks GLIBC_2\.99\./,
    ],
    ['a.so: cannot allocate memory in static TLS block', LOAD, /LD_PRELOAD/],
    ['something new', LOAD, /rejected it.*\(something new\)/],
  ];

  for (const [said, code, says] of cases) {
    it(`${JSON.stringify(said).slice(0, 70)}: ${code}`, () => {
      const cause = new Error(said);
      const error = libraryFailure('a.so', said, cause);
      expect(error.code).to.equal(code);
      expect(error.message).to.match(says).and.include("'a.so'");
      expect(error.cause).to.equal(cause);
    });
  }

  it('is not asked of a sound library', () => {
    expect(() => checkLibrary(probeLibrary())).not.to.throw();
    expect(() => checkLibrary('libc.so.6')).not.to.throw();
  });
});

function failureOf(attempt: () => unknown): OffthreadError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof OffthreadError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
