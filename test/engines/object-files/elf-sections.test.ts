/** B17: the static data of ELF files, sound and not. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ElfImage } from '../../../src/engines/object-files/elf-image.js';
import { type StaticData, readStaticData } from '../../../src/engines/object-files/elf-sections.js';
import { compile, folder } from '../../helpers/engine-probe.js';

const SOURCE = `static char shared[4096]; int exported[10] = {1}; static __thread long local; const char *const names[2] = {"a"};
  __attribute__((constructor)) static void first(void) { shared[0] = 1; }
  __attribute__((constructor)) static void second(void) { shared[1] = 1; }
  long f(int i) { local += exported[i] + names[0][0]; return local + shared[i]; }`;

if (process.platform === 'linux') {
  describe('static data of ELF files', () => {
    const read = (path: string): StaticData | null => ElfImage.with(path, readStaticData);

    it('has sizes, names, and what runs on loading', () => {
      const data = read(compile('static-data.so', SOURCE, ['-shared', '-fPIC']));
      expect(data?.sharedBytes).to.be.within(4_136, 4_200);
      expect(data).to.include({ threadLocalBytes: 8, stripped: false, constructors: 2 });
      expect(data?.objects).to.deep.equal([
        { name: 'shared', bytes: 4_096, threadLocal: false },
        { name: 'exported', bytes: 40, threadLocal: false },
        { name: 'local', bytes: 8, threadLocal: true },
      ]);
    });

    it('has only exported names in a stripped file', () => {
      const data = read(compile('static-stripped.so', SOURCE, ['-shared', '-fPIC', '-s']));
      expect(data?.stripped).to.equal(true);
      expect(data?.objects.map(({ name }) => name)).to.deep.equal(['exported']);
    });

    it('is nothing where there is none', () => {
      const data = read(compile('static-none.so', 'int f(int a) { return a + 1; }', ['-shared', '-fPIC']));
      expect(data).to.deep.include({ sharedBytes: 0, threadLocalBytes: 0, objects: [] });
    });

    it('never throws on a broken file', () => {
      const bytes = readFileSync(compile('static-broken.so', SOURCE, ['-shared', '-fPIC']));
      const path = join(folder, 'static-broken-copy.so');
      let state = 7;
      for (let round = 0; round < 300; round += 1) {
        const copy = Buffer.from(bytes);
        // In the header and in the table of sections, at the end of the file.
        for (let change = 0; change < 4; change += 1) {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
          const at = change % 2 === 0 ? state % 64 : copy.length - 1 - (state % 2_000);
          copy[at] = state >>> 24;
        }
        writeFileSync(path, copy);
        expect(() => read(path), `round ${round}`).to.not.throw();
      }
    });
  });
}
