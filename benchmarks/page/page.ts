/** The page of results: Markdown, and the drawings it shows. */
import { type Question, programOf } from '../harness/command/question-list.js';
import { drawBars } from './bars.js';
import { drawLines } from './lines.js';
import { anchor, folded, grid, plain, table } from './markdown.js';
import { type Plot, described, plotOf } from './plot.js';
import { type Reasons, reasonFor } from './reasons.js';
import type { RecordedTable, RecordedTarget, Recording } from './recording.js';
import { short } from './figures.js';

/** A question, and what is recorded of it. */
export interface Answered {
  readonly question: Question;
  readonly recording: Recording | undefined;
}

export interface Page {
  readonly markdown: string;
  /** By name: files beside the page, in its folder of drawings. */
  readonly drawings: ReadonlyMap<string, string>;
  /** What whoever draws it should know. */
  readonly warnings: readonly string[];
}

/** The folder of drawings, as the page sees it. */
const FOLDER = 'benchmarks';

const INTRODUCTION = `\
<!-- Drawn by \`npm run bench -- page\` from benchmarks/results. What it says is changed in benchmarks/page and
     benchmarks/reasons.json. -->

# Benchmarks

What offthread promises in figures, and what it reached when it was last measured, beside what else there is.

\`npm run bench\` reproduces this page: it answers every question anew on your machine, records the figures in
[benchmarks/results](../benchmarks/results) and draws. \`npm run bench -- NAME\` answers one question and changes nothing;
\`npm run bench -- --help\` says the rest.`;

const METHOD = `\
## How it is measured

- Each question is one program in [benchmarks/questions](../benchmarks/questions), run in a process of its own, one after
  the other. Every result that comes back is checked.
- Those who are compared are measured in turns, a round each, again and again: a machine that is slow for a while is slow
  for all. Warm-up comes before the first round.
- A figure is the median of the rounds (a percentile is one of all calls); its spread, the whiskers of a bar, is the least
  and the greatest of them.
- A ratio is that of two figures of the same round, and the median of those of all rounds. Ratios say more than times:
  machines differ, and this one is shared with others. In CI they are compared with the ones recorded here
  (\`npm run bench:check\`).
- Peers are tuned as their own documentation advises; where settings compete, all are shown, and the best one counts.`;

const verdict = ({ met }: RecordedTarget): string => (met ? 'met' : '**MISSED**');

/** Whether it was missed, and somebody found out why. */
function isExplained({ met, what }: RecordedTarget, { name }: Question, reasons: Reasons): boolean {
  return !met && reasonFor(reasons, name, what) !== undefined;
}

function summary(answered: readonly Answered[], reasons: Reasons): string[] {
  const rows = answered.flatMap(({ question, recording }) => {
    const link = `#${anchor(question.title)}`;
    return (recording?.targets ?? []).map((target, index) => [
      index === 0 ? `[${plain(question.title)}](${link})` : '',
      plain(target.what),
      plain(target.wanted),
      plain(target.measured),
      `${verdict(target)}${isExplained(target, question, reasons) ? `: [why](${link})` : ''}`,
    ]);
  });
  const all = answered.flatMap(({ recording }) => recording?.targets ?? []);
  const met = all.filter((target) => target.met).length;
  return [
    '## What was asked, and what was reached',
    '',
    `${met} of ${all.length} targets are met${met === all.length ? '' : '; of the others, the sections say why'}.`,
    '',
    ...grid(['question', 'target', 'asked', 'reached', ''], rows),
  ];
}

function targetLines(question: string, targets: readonly RecordedTarget[], reasons: Reasons): string[] {
  return targets.flatMap((target) => {
    const { met, what, measured, wanted } = target;
    const line = `- ${verdict(target)}: ${plain(what)}: ${plain(measured)}; asked: ${plain(wanted)}.`;
    const why = reasonFor(reasons, question, what) ?? 'Why is not found out yet.';
    return met ? [line] : [line, '', `  ${why}`, ''];
  });
}

/** Everything about one question, and the drawings of it. */
class Section {
  readonly drawings: Map<string, string> = new Map();
  readonly #question: Question;
  readonly #recording: Recording | undefined;
  readonly #reasons: Reasons;

  constructor({ question, recording }: Answered, reasons: Reasons) {
    this.#question = question;
    this.#recording = recording;
    this.#reasons = reasons;
  }

  lines(): string[] {
    const { name, title, asked } = this.#question;
    const start = [`## ${title}`, '', asked, ''];
    if (this.#recording === undefined) return [...start, 'Nothing is recorded of it yet.'];
    const { tables, targets } = this.#recording;
    const list = targetLines(name, targets, this.#reasons);
    return [
      ...start,
      ...tables.flatMap((one) => this.#table(one)),
      ...(list.length > 0 ? [...list, ''] : []),
      this.#source(this.#recording),
    ];
  }

  #table(recorded: RecordedTable): string[] {
    const plot = plotOf({ ...recorded, title: `${this.#question.title}: ${recorded.title}` });
    const figures = folded(
      plot === undefined ? recorded.title : `${recorded.title}: the figures`,
      table(recorded.rows),
    );
    return [...(plot === undefined ? [] : this.#drawing(plot)), ...figures, ''];
  }

  #drawing(plot: Plot): string[] {
    const file = `${this.#question.name}-${this.drawings.size + 1}.svg`;
    this.drawings.set(file, plot.kind === 'lines' ? drawLines(plot) : drawBars(plot));
    return [`![${plain(`${plot.title}. ${described(plot, short)}`)}](${FOLDER}/${file})`, ''];
  }

  #source({ machine, load, command }: Recording): string {
    const { name } = this.#question;
    const program = `../benchmarks/${programOf(this.#question)}.ts`;
    const quick = command.includes('--quick') ? ' This was a quick run: its figures say little.' : '';
    return (
      `\`npm run bench -- ${name}\` ([program](${program}), ` +
      `[as it was printed](../benchmarks/results/${name}.txt)), on ${plain(machine)}; ${plain(load)}.${quick}`
    );
  }
}

function unexplained({ question, recording }: Answered, reasons: Reasons): string[] {
  return (recording?.targets ?? [])
    .filter((target) => !target.met && !isExplained(target, question, reasons))
    .map(({ what }) => `${question.name}: missed, and benchmarks/reasons.json does not say why: ${what}`);
}

export function pageOf(answered: readonly Answered[], reasons: Reasons): Page {
  const sections = answered.map((one) => new Section(one, reasons));
  const parts = [
    INTRODUCTION.split('\n'),
    summary(answered, reasons),
    METHOD.split('\n'),
    ...sections.map((one) => one.lines()),
  ];
  const unrecorded = answered.filter(({ recording }) => recording === undefined);
  return {
    markdown: `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`,
    drawings: new Map(sections.flatMap((section) => [...section.drawings])),
    warnings: [
      ...unrecorded.map(({ question }) => `${question.name}: nothing is recorded`),
      ...answered.flatMap((one) => unexplained(one, reasons)),
    ],
  };
}
