import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { asked } from '../../benchmarks/harness/command/command-line.js';
import { QUESTIONS, programOf } from '../../benchmarks/harness/command/question-list.js';
import { projectRoot } from '../../src/cli/demo/files.js';

const all = ['small-calls', 'streams'];
const words = (line: string): ReturnType<typeof asked> => asked(line.split(' ').filter(Boolean), all);

describe('benchmarks: the command line', () => {
  it('answers everything, records it and draws, when nothing is said', () => {
    expect(words('')).to.deep.equal({ kind: 'run', names: all, flags: ['--record'], record: true });
    expect(words('--no-record')).to.deep.equal({ kind: 'run', names: all, flags: [], record: false });
  });

  it('records named questions and quick runs only when asked to', () => {
    expect(words('streams')).to.deep.equal({ kind: 'run', names: ['streams'], flags: [], record: false });
    expect(words('--quick')).to.deep.equal({ kind: 'run', names: all, flags: ['--quick'], record: false });
    expect(words('streams streams --quick --record')).to.deep.equal({
      kind: 'run',
      names: ['streams'],
      flags: ['--quick', '--record'],
      record: true,
    });
    expect(words('streams --json out.json')).to.deep.equal({
      kind: 'run',
      names: ['streams'],
      flags: ['--json', 'out.json'],
      record: false,
    });
  });

  it('draws, and helps', () => {
    expect(words('page')).to.deep.equal({ kind: 'page' });
    expect(['--help', '-h', 'streams --help'].map((line) => words(line).kind)).to.deep.equal(
      Array(3).fill('help'),
    );
  });

  for (const [line, message] of [
    ['nonsense', 'no question is called nonsense; there are: small-calls, streams'],
    ['--fast', "Unknown option '--fast'"],
    ['--json', "Option '--json <value>' argument missing"],
    ['--json out.json', '--json takes the figures of one question: name it'],
    ['small-calls streams --json out.json', '--json takes the figures of one question: name it'],
    ['page --quick', '`page` stands alone: it draws what is recorded'],
    ['page streams', '`page` stands alone: it draws what is recorded'],
  ] as const) {
    it(`refuses: ${line}`, () => {
      expect(words(line)).to.deep.equal({ kind: 'mistake', message });
    });
  }

  it('knows every question that there is', () => {
    const programs = readdirSync(join(projectRoot(), 'benchmarks/questions'), {
      recursive: true,
      encoding: 'utf8',
    }).filter((file) => file.endsWith('.ts'));
    expect(QUESTIONS.map((question) => `${programOf(question)}.ts`)).to.have.members(
      programs.map((file) => `questions/${file}`),
    );
    const names = QUESTIONS.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    const titles = QUESTIONS.map(({ title }) => title);
    expect(new Set(titles).size).to.equal(titles.length);
  });
});
