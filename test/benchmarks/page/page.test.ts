import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { pageFrom, writePage } from '../../../benchmarks/page/page-files.js';
import { grid, plain, table } from '../../../benchmarks/page/markdown.js';
import { pageOf } from '../../../benchmarks/page/page.js';
import { reasonFor } from '../../../benchmarks/page/reasons.js';
import type { Recording } from '../../../benchmarks/page/recording.js';
import { projectRoot } from '../../../src/cli/demo/files.js';

const question = {
  name: 'small-calls',
  topic: 'calls',
  title: 'Many small calls',
  asked: 'How many calls a second?',
} as const;
const missed = {
  what: 'koffi against tinypool|4',
  measured: '15.6 times',
  wanted: 'at least 20',
  met: false,
};
const recording: Recording = {
  command: 'npm run bench -- small-calls',
  machine: 'a machine, Node v20.20.2',
  load: 'load average of the minute before: 1.4',
  tables: [
    {
      title: '64 in flight',
      rows: [{ contestant: 'offthread', 'calls/s': 1_983_841.8 }],
      plot: { value: 'calls/s', better: 'higher' },
    },
    { title: 'old', rows: [{ contestant: 'some_one', took: 'never' }] },
  ],
  targets: [missed, { what: 'ffi-rs', measured: '7 times', wanted: 'at least 6', met: true }],
};
const reasons = { 'small-calls': { 'koffi against *': 'The peer is `fast`.' } };

describe('benchmarks: the page', () => {
  const page = pageOf([{ question, recording }], reasons);

  it('says at its top what was asked and reached, and what was missed', () => {
    expect(page.markdown).to.contain('\n1 of 2 targets are met; of the others, the sections say why.\n');
    expect(page.markdown).to.contain(
      '\n| [Many small calls](#many-small-calls) | koffi against tinypool\\|4 | at least 20 | 15.6 times | ' +
        '**MISSED**: [why](#many-small-calls) |\n|  | ffi-rs | at least 6 | 7 times | met |\n',
    );
  });

  it('says in the section why', () => {
    const line = '- **MISSED**: koffi against tinypool\\|4: 15.6 times; asked: at least 20.';
    expect(page.markdown).to.contain(`\n${line}\n\n  The peer is \`fast\`.\n`);
    expect(page.warnings).to.deep.equal([]);
  });

  it('warns of a missed target without a reason, and of a question without a recording', () => {
    const { markdown, warnings } = pageOf(
      [
        { question, recording },
        { question: { name: 'later', topic: 'load', title: 'Later', asked: '?' }, recording: undefined },
      ],
      {},
    );
    expect(warnings).to.deep.equal([
      'later: nothing is recorded',
      'small-calls: missed, and benchmarks/reasons.json does not say why: koffi against tinypool|4',
    ]);
    expect(markdown).to.contain('| 15.6 times | **MISSED** |\n');
    expect(markdown).to.contain('asked: at least 20.\n\n  Why is not found out yet.\n');
    expect(markdown).to.contain('## Later\n\n?\n\nNothing is recorded of it yet.\n');
  });

  it('shows a plot with words for who cannot see it, and folds the figures away', () => {
    expect([...page.drawings.keys()]).to.deep.equal(['small-calls-1.svg']);
    expect(page.markdown).to.contain(
      '\n![Many small calls: 64 in flight. calls/s · more is better. offthread: 1.98 M.](benchmarks/small-calls-1.svg)\n',
    );
    expect(page.markdown).to.contain(
      '\n<details>\n<summary>64 in flight: the figures</summary>\n\n| contestant | calls/s |\n| --- | ---: |\n' +
        '| offthread | 1,983,842 |\n\n</details>\n',
    );
    expect(page.markdown).to.contain('\n<summary>old</summary>\n');
    expect(page.markdown).to.contain('| some\\_one | never |');
  });

  it('tells the machine, and a quick run from a real one', () => {
    expect(page.markdown).to.contain(
      'on a machine, Node v20.20.2; load average of the minute before: 1.4.\n',
    );
    const quick = { ...recording, command: `${recording.command} --quick` };
    expect(pageOf([{ question, recording: quick }], reasons).markdown).to.contain('This was a quick run');
    expect(page.markdown).not.to.contain('quick run');
  });

  it('is written beside its drawings, and clears away those that it no longer shows', async () => {
    const root = mkdtempSync(join(tmpdir(), 'offthread-page-'));
    try {
      await mkdir(join(root, 'docs/benchmarks'), { recursive: true });
      writeFileSync(join(root, 'docs/benchmarks/gone-1.svg'), '');
      writeFileSync(join(root, 'docs/benchmarks/note.txt'), '');
      writePage(root, page);
      expect(readdirSync(join(root, 'docs/benchmarks')).sort()).to.deep.equal([
        'note.txt',
        'small-calls-1.svg',
      ]);
      expect(readFileSync(join(root, 'docs/benchmarks.md'), 'utf8')).to.equal(page.markdown);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it('in docs is the one of what is recorded: npm run bench -- page draws it', () => {
    const root = projectRoot();
    const { markdown, drawings, warnings } = pageFrom(root);
    expect(
      readFileSync(join(root, 'docs/benchmarks.md'), 'utf8') === markdown,
      'docs/benchmarks.md',
    ).to.equal(true);
    for (const [file, drawing] of drawings) {
      const path = join(root, 'docs/benchmarks', file);
      expect(existsSync(path) && readFileSync(path, 'utf8') === drawing, file).to.equal(true);
    }
    expect(warnings).to.deep.equal([]);
  });
});

describe('benchmarks: Markdown', () => {
  it('means what it says', () => {
    expect(plain('a|b *c* _d_ `e` <f> [g] ~h~ \\ & i')).to.equal(
      'a\\|b \\*c\\* \\_d\\_ \\`e\\` \\<f\\> \\[g\\] \\~h\\~ \\\\ &amp; i',
    );
    expect(grid(['a'], [['b']])).to.deep.equal(['| a |', '| --- |', '| b |']);
  });

  it('sets figures to the right, also those that are written as text', () => {
    const rows = [
      { who: 'a', took: '6.82', of: 0.123456 },
      { who: 'b', took: '', of: 1_234_567 },
    ];
    expect(table(rows)).to.deep.equal([
      '| who | took | of |',
      '| --- | ---: | ---: |',
      '| a | 6.82 | 0.123 |',
      '| b |  | 1,234,567 |',
    ]);
  });

  it('finds a reason by the question, and by a target whose peer may change', () => {
    const reasons = { calls: { 'us (koffi) against *, 64': 'because' } };
    expect(reasonFor(reasons, 'calls', 'us (koffi) against tinypool (a+b), 64')).to.equal('because');
    expect(reasonFor(reasons, 'calls', 'us (koffi) against tinypool, 1,024')).to.equal(undefined);
    expect(reasonFor(reasons, 'streams', 'us (koffi) against tinypool, 64')).to.equal(undefined);
  });
});
