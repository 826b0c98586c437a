/** Every sample in the documents runs, and prints what it says. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { keeps, promised, root, run, samplesOf, workshop } from './samples.js';

const documents = [
  'README.md',
  'docs/benchmarks.md',
  'docs/callbacks.md',
  'docs/cancellation.md',
  'docs/declarations.md',
  'docs/errors.md',
  'docs/libraries.md',
  'docs/native-authors.md',
  'docs/process-lanes.md',
];

for (const document of documents) {
  describe(`docs: ${document}`, () => {
    const folder = workshop(document);

    for (const sample of samplesOf(document)) {
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

    it('points to files that are there', () => {
      const text = readFileSync(join(root, document), 'utf8');
      const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(
        ([, target]) => target as string,
      );
      const missing = targets.filter((target) => !existsSync(join(root, dirname(document), target)));
      expect(missing).to.deep.equal([]);
    });

    it('points to headings that are there', () => {
      const text = readFileSync(join(root, document), 'utf8');
      const slugs = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => slug(heading as string));
      const anchors = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor as string);
      expect(anchors.filter((anchor) => !slugs.includes(anchor))).to.deep.equal([]);
    });
  });
}

/** The anchor that GitHub gives a heading. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}
