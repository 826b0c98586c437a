/** The check of docs/guarantees.md finds what it is there to find: in a project of a few files, each with one fault. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from '../../src/cli/demo/files.js';

const PAGE = 'docs/guarantees.md';
/** Put together, since the project's own check reads this file, too. */
const made = (word: string, number: string): string => word + number;
const first = made('M', '1');
const second = made('B', '2');
const unknown = made('M', '99');

const sound: Readonly<Record<string, string>> = {
  [PAGE]: `# Guarantees\n\n## Calls\n\n### ${first}: ids\n\nOne.\n\n## Lanes\n\n### ${second}: lanes\n\nTwo.\nAnd more.\n`,
  'test/ids.test.ts': `/** ${first}: unique. */\n`,
  'test/calls/lanes.test.ts': `describe('lanes (${first}, ${second})', () => {});\n`,
};

describe('the check of the guarantees', () => {
  let folder: string;

  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  };
  const page = (): string => readFileSync(join(folder, PAGE), 'utf8');
  const run = (...args: string[]): { status: number | null; stderr: string } =>
    spawnSync(process.execPath, [join(folder, 'scripts/guarantees.mjs'), ...args], { encoding: 'utf8' });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'offthread-guarantees-'));
    for (const script of ['guarantees.mjs', 'tools.mjs'])
      cpSync(join(projectRoot(), 'scripts', script), join(folder, 'scripts', script));
    write(sound);
    expect(run().status).to.equal(0);
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('lists the tests under each promise, and changes nothing else', () => {
    const lists = page().split('### ').slice(1);
    expect(lists.map((text) => text.match(/(?<=- `).*(?=`)/g))).to.deep.equal([
      ['test/calls/lanes.test.ts', 'test/ids.test.ts'],
      ['test/calls/lanes.test.ts'],
    ]);
    expect(page().replaceAll(/\n\n<details>[^]*?<\/details>/g, '')).to.equal(sound[PAGE]);
  });

  it('passes what is in order, and writes it no differently the next time', () => {
    const before = page();
    expect(run('--check').status).to.equal(0);
    run();
    expect(page()).to.equal(before);
  });

  const faults: Readonly<Record<string, { files: Readonly<Record<string, string>>; says: string }>> = {
    'an id that is not on the page': {
      files: { 'test/ids.test.ts': `/** ${first}, ${unknown}: unique. */\n` },
      says: `test/ids.test.ts names ${unknown}`,
    },
    'a promise without a test': {
      files: { 'test/calls/lanes.test.ts': `describe('lanes (${first})', () => {});\n` },
      says: `No test shows ${second}`,
    },
    'a test that is not listed': {
      files: { 'test/more.test.ts': `/** ${second}: more. */\n` },
      says: 'out of date',
    },
    'the number of an issue': {
      files: { 'test/more.test.ts': `it('works (${made('issue ', '4.2')})', () => {});\n` },
      says: 'test/more.test.ts names an issue',
    },
  };
  for (const [fault, { files, says }] of Object.entries(faults)) {
    it(`fails for ${fault}`, () => {
      write(files);
      const { status, stderr } = run('--check');
      expect(status, stderr).to.equal(1);
      expect(stderr).to.include(says);
    });
  }

  it('fails for a promise that stands twice', () => {
    write({ [PAGE]: `${page()}\n### ${first}: again\n\nAgain.\n` });
    run();
    expect(run('--check').stderr).to.include(`${first} twice`);
  });
});
