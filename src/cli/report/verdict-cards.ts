/** Verdicts and objectives, as the first things that a reader of the page sees. */
import type { StressReport } from '../stress/stress-report.js';
import type { Reproducer, Verdicts } from '../stress/verdict-types.js';
import { measuredText } from '../stress/text/load-text.js';
import { escaped } from './html.js';

/** A verdict in a word or two, and what it rests on. */
export interface Card {
  readonly tone: 'good' | 'bad' | 'unsure';
  /** The question that it answers. */
  readonly question: string;
  readonly answer: string;
  readonly reason: string;
}

/** A program that shows a finding. */
export interface Proof {
  readonly of: string;
  readonly reproducer: Reproducer;
}

type Words<V extends string> = Readonly<Record<V, readonly [tone: Card['tone'], answer: string]>>;

const THREADS: Words<NonNullable<Verdicts['threadSafety']>['verdict']> = {
  unsafe: ['bad', 'Not thread-safe'],
  'no-race-found': ['good', 'No race found'],
  'not-comparable': ['unsure', 'Not comparable'],
  undecided: ['unsure', 'Undecided'],
};
const LEAK: Words<NonNullable<Verdicts['leak']>['verdict']> = {
  leaks: ['bad', 'Leaks'],
  'no-leak-found': ['good', 'No leak found'],
  undecided: ['unsure', 'Undecided'],
};
const LANES: Words<NonNullable<Verdicts['scalability']>['verdict']> = {
  scales: ['good', 'Scales'],
  limited: ['unsure', 'Limited by the library'],
  machine: ['unsure', 'Limited by the machine'],
  worse: ['bad', 'Slower with more lanes'],
  undecided: ['unsure', 'Undecided'],
};

export function cardsOf({ verdicts, objectives }: StressReport): Card[] {
  const { threadSafety, leak, scalability, crash } = verdicts;
  const cards: Card[] = [];
  const add = (question: string, [tone, answer]: readonly [Card['tone'], string], reason: string): void => {
    cards.push({ question, tone, answer, reason });
  };
  if (crash !== undefined) {
    const what =
      crash.symptom === 'hang' ? 'Hangs' : `Crashes${crash.signal === null ? '' : ` (${crash.signal})`}`;
    add('Which input crashes it?', ['bad', what], `Smallest input: ${JSON.stringify(crash.input)}.`);
  }
  if (threadSafety !== undefined)
    add('Is it safe to call from threads?', THREADS[threadSafety.verdict], threadSafety.reason);
  if (leak !== undefined) add('Does it leak?', LEAK[leak.verdict], leak.reason);
  if (scalability !== undefined) {
    const [tone, answer] = LANES[scalability.verdict];
    const take = scalability.lanes === null ? '' : `: take ${scalability.lanes}`;
    add('How many lanes should I use?', [tone, answer + take], scalability.reason);
  }
  for (const { objective, met, measured } of objectives ?? []) {
    const reason =
      measured === null ? 'Too few calls to know.' : `Measured: ${measuredText(objective, measured)}.`;
    add(objective, met ? ['good', 'Met'] : ['bad', 'Missed'], reason);
  }
  return cards;
}

export function proofsOf({ verdicts: { threadSafety, crash } }: StressReport): Proof[] {
  const found: readonly (readonly [of: string, reproducer: Reproducer | null | undefined])[] = [
    ['the crash', crash?.reproducer],
    ['the fault under concurrency', threadSafety?.reproducer],
  ];
  return found.flatMap(([of, reproducer]) =>
    reproducer === null || reproducer === undefined ? [] : [{ of, reproducer }],
  );
}

export function cardHtml({ tone, question, answer, reason }: Card): string {
  return `<li class="card ${tone}">${escaped(question)}<strong>${escaped(answer)}</strong>${escaped(reason)}</li>`;
}

const PROOF: Readonly<Record<Reproducer['proof'], string>> = {
  shown: 'It was compiled and run, and showed the fault.',
  'not-shown': 'It was compiled and run, and did not show the fault this time.',
  'not-run': 'It was not run.',
};

export function proofHtml({ of, reproducer: { source, proof, compile, why } }: Proof): string {
  return `<h2>A C program that shows ${escaped(of)}</h2>
<p>${escaped(PROOF[proof])}${why === undefined ? '' : ` ${escaped(sentence(why))}`}</p>
<p>Compile it with <code>${escaped(compile)}</code></p>
<pre><code>${escaped(source)}</code></pre>`;
}

/** What a program counted, or why it was not run, as a sentence. */
function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
