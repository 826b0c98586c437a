/** Every sample in the documents runs, and prints what it says. */
import { expect } from 'chai';
import { documents } from './documents.js';
import { keeps, promised, run, samplesOf, workshop } from './samples.js';

for (const document of documents()) {
  const samples = samplesOf(document);
  if (samples.length === 0) continue;
  describe(`docs: ${document}`, () => {
    const folder = workshop(document);

    for (const sample of samples) {
      it(`line ${sample.line}, ${sample.heading} (${sample.language})`, () => {
        const lines = run(sample, folder);
        const promises = promised(sample.code);
        expect(lines.length, lines.join('\n')).to.equal(promises.length);
        for (const [index, line] of lines.entries()) {
          const promise = promises[index] as string;
          if (!keeps(promise, line)) expect(line).to.equal(promise);
        }
      });
    }
  });
}
