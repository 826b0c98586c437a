/** The parts of dispatch that are left out to be measured are where they are said to be. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { PARTS } from '../../benchmarks/peers/calls/parts.js';

describe('benchmarks: the parts of dispatch', () => {
  for (const { name, file, with: text, without } of PARTS) {
    it(`${name}: is in ${file}, once`, () => {
      const compiled = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
      expect(compiled.split(text)).to.have.length(2);
      expect(compiled).to.not.include(without);
    });
  }
});
