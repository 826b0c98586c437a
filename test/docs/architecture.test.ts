/** ARCHITECTURE.md names files and functions that are there, and gives a reason for each large folder. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { root } from './samples.js';

const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');

/** The sections that say in which file a function is. */
const TELLING = ['Where is …?', 'The way of a call', 'The way of a death'];
/** Files of source that a folder has at most, without a reason. */
const MOST_FILES = 15;

/** What stands in backticks, in order. */
const codeIn = (prose: string): string[] =>
  [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code as string);

const isFile = (code: string): boolean => /^[\w./-]+\.(?:ts|mjs|md|json|h)$/.test(code);
const isFolder = (code: string): boolean => /^[\w./-]+\/$/.test(code);

/** Every source file of a folder and those below it, as paths from the root. */
function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => /\.(?:ts|mjs|c|h)$/.test(path) && statSync(join(root, path)).isFile());
}

const code = [...sourcesIn('src'), ...sourcesIn('workers')];

/** The path from the root of a file that the document names: from `src`, from the root, or by its base name alone. */
function pathOf(name: string): string | undefined {
  const path = [join('src', name), name].find((one) => existsSync(join(root, one)));
  return path ?? code.find((one) => !name.includes('/') && basename(one) === name);
}

/** The functions that the document names behind a file, in each row of a table and in each paragraph. */
function namedFunctions(): { readonly file: string; readonly name: string }[] {
  const sections = text
    .split(/^## /m)
    .filter((section) => TELLING.some((title) => section.startsWith(title)));
  expect(sections).to.have.length(TELLING.length);
  return sections.flatMap((section) => {
    let file: string | undefined;
    return section.split('\n').flatMap((line) => {
      if (line.startsWith('|') || line === '') file = undefined;
      return codeIn(line).flatMap((name) => {
        if (isFile(name)) file = name;
        return isFile(name) || file === undefined ? [] : [{ file, name }];
      });
    });
  });
}

/** Whether a file defines `name`, or, for `Class.member`, both. */
function defines(file: string, name: string): boolean {
  const [top = '', member] = name.split('.');
  const path = pathOf(file);
  if (path === undefined) return false;
  const source = readFileSync(join(root, path), 'utf8');
  const topLevel = new RegExp(
    `^(?:export )?(?:async )?(?:function|class|const|interface) ${top}(?![\\w$])`,
    'm',
  );
  const ofClass = new RegExp(`^  (?:(?:readonly|async|static|get|set) )*${member}(?![\\w$])[<(:= ]`, 'm');
  return topLevel.test(source) && (member === undefined || ofClass.test(source));
}

describe('docs: ARCHITECTURE.md', () => {
  it('names files that are there', () => {
    const files = codeIn(text).filter(isFile);
    expect(files).to.have.length.above(100);
    expect(files.filter((name) => pathOf(name) === undefined)).to.deep.equal([]);
  });

  it('names folders that are there: in a row of a table, within the first of them', () => {
    const missing = text.split('\n').flatMap((line) => {
      const folders = codeIn(line).filter(isFolder);
      const first = folders.at(0) ?? '';
      const isThere = (name: string): boolean =>
        [name, join('src', name), join(first, name), join('src', first, name)].some((one) =>
          existsSync(join(root, one)),
        );
      return folders.filter((name) => !isThere(name));
    });
    expect(missing).to.deep.equal([]);
  });

  it('names functions that are in these files', () => {
    const named = namedFunctions();
    expect(named).to.have.length.above(80);
    expect(named.filter(({ file, name }) => !defines(file, name))).to.deep.equal([]);
  });

  it('has a row for every layer, and names each of its folders', () => {
    const folders = new Set(code.map((path) => dirname(path)).filter((path) => path.includes('/')));
    const missing = [...folders].filter((path) => {
      const [, layer = '', part] = path.replace(/^workers/, 'src/workers').split('/');
      const row = text.split('\n').find((line) => line.startsWith(`| \`${layer}/\``)) ?? '';
      return part === undefined ? row === '' : !codeIn(row).includes(`${part}/`);
    });
    expect(missing).to.deep.equal([]);
  });

  it(`has a reason for every folder of more than ${MOST_FILES} source files`, () => {
    const counts = new Map<string, number>();
    for (const folder of ['src', 'workers', 'native', 'test', 'benchmarks', 'examples', 'scripts']) {
      // Not what is installed for the tests.
      const own = sourcesIn(folder).filter((path) => !path.includes('node_modules'));
      for (const path of own) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
    }
    const large = [...counts].filter(
      ([folder, count]) => count > MOST_FILES && !codeIn(text).includes(folder),
    );
    expect(large).to.deep.equal([]);
  });

  it('is right that a base name occurs once in src and workers', () => {
    const names = code.map((path) => basename(path));
    expect(names.filter((name, at) => names.indexOf(name) !== at)).to.deep.equal([]);
  });
});
