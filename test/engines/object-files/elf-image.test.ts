/** M34: what is read of ELF files, sound and not. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { findClash } from '../../../src/engines/loading/symbol-clash.js';
import { ElfImage } from '../../../src/engines/object-files/elf-image.js';
import { ElfSymbols } from '../../../src/engines/object-files/elf-symbols.js';
import { identityOf, isSameCode, isSameFile } from '../../../src/engines/loading/file-identity.js';
import { compile, folder } from '../../helpers/engine-probe.js';

const SHARED = ['-shared', '-fPIC'];

/** The same numbers at each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
}

if (process.platform === 'linux') {
  describe('ELF files', () => {
    const library = (name: string, ...flags: string[]): string =>
      compile(
        name,
        `#include <unistd.h>
         int elf_process(void) { return getpid(); }
         int elf_own(void) { return 1; } int elf_user(void) { return elf_own(); }
         int uv_version(void); int elf_theirs(void) { return uv_version(); }`,
        [...SHARED, ...flags],
      );

    it('tell their build id, what they need, and where that is searched for', () => {
      const path = library('elf-told.so', '-Wl,--build-id=0xabcdef12', '-Wl,-rpath,$ORIGIN/x:/y');
      const told = ElfImage.with(path, ({ buildId, needed, runPath, architecture }) => ({
        buildId,
        needed,
        runPath,
        architecture,
      }));
      expect(told).to.deep.equal({
        buildId: 'abcdef12',
        needed: ['libc.so.6'],
        runPath: '$ORIGIN/x:/y',
        architecture: process.arch,
      });
    });

    it('tell what they are bound to and what others find in them', () => {
      const path = library('elf-symbols.so');
      const [bound, own, theirs] = ElfImage.with(path, (image) => {
        const symbols = new ElfSymbols(image);
        const names = symbols.boundSymbols();
        const find = symbols.finder();
        return [names, find('elf_own')?.exported, find('uv_version')?.exported, find('none')] as const;
      }) ?? [[], null, null];
      expect(bound).to.include('elf_own').and.include('uv_version').and.not.include('elf_user');
      expect([own, theirs ?? false]).to.deep.equal([true, false]);
    });

    it('that only use what the program has, as add-ons do, share nothing with it', () => {
      expect(findClash(library('elf-addon.so'))).to.equal(null);
    });

    it('that are linked to find their own symbols first share nothing with the program', () => {
      const code = 'int uv_version(void) { return 1; } int elf_ask(void) { return uv_version(); }';
      const mixed = 'int elf_more(void) { return 1; } int elf_all(void) { return elf_more(); }';
      expect(findClash(compile('elf-bound.so', code, [...SHARED, '-Wl,-Bsymbolic']))).to.equal(null);
      expect(findClash(compile('elf-clash.so', code, SHARED))).to.deep.equal({
        symbols: 1,
        example: 'uv_version',
        mixed: false,
      });
      expect(findClash(compile('elf-mixed.so', code + mixed, SHARED))).to.deep.equal({
        symbols: 1,
        example: 'uv_version',
        mixed: true,
      });
    });

    it('with rubbish in them are read to an end, and nothing is thrown', () => {
      const sound = readFileSync(library('elf-sound.so'));
      const next = numbers(7);
      const path = join(folder, 'elf-rubbish.so');
      for (let round = 0; round < 300; round++) {
        const bytes = Buffer.from(sound);
        // In the tables at its start, and a little anywhere.
        for (let change = 0; change < 8; change++) bytes[16 + (next() % 2_000)] = next() & 0xff;
        for (let change = 0; change < 8; change++) bytes[16 + (next() % (bytes.length - 16))] = next() & 0xff;
        writeFileSync(path, bytes.subarray(0, round % 3 === 0 ? next() % bytes.length : bytes.length));
        findClash(path);
        expect(identityOf(path)).not.to.equal(null);
      }
    });
  });
}

describe('the identity of a file', () => {
  it('is that of its build in a copy, and another after another build', () => {
    const code = (value: number): string => `int identity(void) { return ${value}; }`;
    const identity = (name: string, value: number, ...flags: string[]) => {
      const found = identityOf(compile(name, code(value), [...SHARED, ...flags]));
      if (found === null) throw new Error('it is there');
      return found;
    };
    const one = identity('identity-1.so', 1);
    expect(isSameCode(one, one)).to.equal(true);
    expect(isSameCode(one, identity('identity-2.so', 2))).to.equal(false);
    const copy = join(folder, 'identity-copy.so');
    writeFileSync(copy, readFileSync(join(folder, 'identity-1.so')));
    const copied = identityOf(copy) ?? one;
    expect(isSameFile(one, copied)).to.equal(false);
    // Without a build id nothing says that a copy is one.
    expect(isSameCode(one, copied)).to.equal(one.built);
  });

  it('is none where there is no file, or no regular one', () => {
    expect(identityOf(join(folder, 'absent.so'))).to.equal(null);
    expect(identityOf(folder)).to.equal(null);
  });
});
