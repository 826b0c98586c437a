/** The README is short, and links in the documents lead somewhere: to a file, to a heading in it, and, in a published document, to a published file. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect } from 'chai';
import { documents } from './documents.js';
import { root } from './samples.js';

/** The text of a document without its code. */
const proseOf = (document: string): string =>
  readFileSync(join(root, document), 'utf8').replaceAll(/^```.*?^```$/gms, '');

/** The anchors of a document, as GitHub makes them. */
function anchorsOf(document: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of proseOf(document).matchAll(/^#+ (.*)$/gm)) {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    let unique = slug;
    for (let again = 1; anchors.has(unique); again += 1) unique = `${slug}-${again}`;
    anchors.add(unique);
  }
  return anchors;
}

/** The relative links of a document. */
function linksOf(
  document: string,
): { readonly link: string; readonly path: string; readonly anchor: string }[] {
  return [...proseOf(document).matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)].map(([, link = '']) => {
    const [file = '', anchor = ''] = link.split('#');
    const path = file === '' ? document : normalize(join(dirname(document), file));
    return { link, path, anchor };
  });
}

/** What `npm publish` would send. */
function published(): string[] {
  const { stdout, stderr } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  });
  try {
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    return files.map(({ path }) => path);
  } catch {
    throw new Error(`npm pack said: ${stdout}${stderr}`);
  }
}

/** In the repository only, since the package is to stay small. */
const REPOSITORY_ONLY =
  /^(?:ARCHITECTURE|CHANGELOG|CONTRIBUTING|docs\/(?!calls\b|errors\b)[\w-]+)\.md$|^benchmarks\/results\//;

describe('docs: documents', () => {
  it('README.md has at most 250 lines', () => {
    expect(readFileSync(join(root, 'README.md'), 'utf8').split('\n').length - 1).to.be.at.most(250);
  });

  for (const document of documents()) {
    it(`${document}: points to files that are there`, () => {
      const links = linksOf(document);
      expect(links.filter(({ path }) => !existsSync(join(root, path)))).to.deep.equal([]);
    });

    it(`${document}: points to headings that are there`, () => {
      const links = linksOf(document).filter(({ anchor, path }) => anchor !== '' && path.endsWith('.md'));
      expect(links.filter(({ anchor, path }) => !anchorsOf(path).has(anchor))).to.deep.equal([]);
    });
  }

  it('published documents point to published files', function () {
    // npm takes its time on a loaded machine.
    this.timeout(60_000);
    const files = published();
    const isPublished = (path: string): boolean =>
      files.includes(path) || files.some((file) => file.startsWith(`${path.replace(/\/$/, '')}/`));
    for (const needed of ['README.md', 'docs/calls.md', 'examples/server.ts'])
      expect(files).to.include(needed);
    const missing = documents()
      .filter(isPublished)
      .flatMap((document) => linksOf(document).map((link) => ({ document, ...link })))
      .filter(({ path }) => !isPublished(path) && !REPOSITORY_ONLY.test(path));
    expect(missing).to.deep.equal([]);
  });
});
