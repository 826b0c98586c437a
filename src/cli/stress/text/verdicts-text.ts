/** Verdicts, for people. */
import { count, plural } from '../../console/format.js';
import type {
  CrashVerdict,
  LeakVerdict,
  Reproducer,
  ThreadSafetyVerdict,
  Verdicts,
} from '../verdict-types.js';
import { indented, paragraph } from './figures.js';

const SAFETY: Readonly<Record<ThreadSafetyVerdict['verdict'], string>> = {
  unsafe: 'not thread-safe',
  'no-race-found': 'no race found',
  'not-comparable': 'not comparable',
  undecided: 'undecided',
};
const LEAK: Readonly<Record<LeakVerdict['verdict'], string>> = {
  leaks: 'leaks',
  'no-leak-found': 'no leak found',
  undecided: 'undecided',
};

/** One section for each verdict. */
export function verdictsText({ threadSafety, leak, crash }: Verdicts): string[][] {
  return [
    crash === undefined ? [] : crashText(crash),
    threadSafety === undefined ? [] : safetyText(threadSafety),
    leak === undefined ? [] : [`Memory: ${LEAK[leak.verdict]}`, ...indented([leak.reason])],
  ];
}

function safetyText({ verdict, reason, scenario, sequence, reproducer }: ThreadSafetyVerdict): string[] {
  return [
    `Thread safety: ${SAFETY[verdict]}`,
    ...indented([
      ...paragraph(reason),
      ...(scenario === null ? [] : paragraph(`The calls: ${callsText(scenario, sequence)}`)),
      ...programText(reproducer),
    ]),
  ];
}

/** Calls at once, joined by "and"; calls that one thread makes in order, by "then". */
function callsText(scenario: readonly (readonly unknown[])[], sequence: number): string {
  const calls = scenario.map(argumentsText);
  return Array.from({ length: Math.ceil(calls.length / sequence) }, (_, thread) =>
    calls.slice(thread * sequence, (thread + 1) * sequence).join(' then '),
  ).join(' and ');
}

function crashText({
  input,
  symptom,
  signal,
  exitCode,
  stderr,
  failures,
  reproducer,
}: CrashVerdict): string[] {
  const how =
    symptom === 'hang'
      ? 'hangs'
      : `ends its process (${signal ?? (exitCode === null ? 'in the run only' : `exit code ${exitCode}`)})`;
  return [
    `Input that ${how}: ${argumentsText(input)}`,
    ...indented([
      `${count(failures.failed)} of ${plural(failures.runs, 'call')} did, those before the measured time included. This is the smallest input that still does.`,
      ...(stderr === '' ? [] : ['It wrote to stderr:', ...indented(stderr.split('\n'))]),
      ...programText(reproducer),
    ]),
  ];
}

function programText(reproducer: Reproducer | null): string[] {
  if (reproducer === null) return [];
  const { proof, why, file, source, compile } = reproducer;
  const says =
    proof === 'shown'
      ? `A C program shows it: ${why}.`
      : proof === 'not-shown'
        ? `A C program of it did not show it when it was run: ${why}`
        : `A C program of it was not run. ${why}`;
  if (file !== null) return [says, `It is in ${file}. Compile it with: ${compile}`];
  return [says, `Compile it with: ${compile}`, '', ...source.trimEnd().split('\n')];
}

/** Arguments on one line, without the middle of long ones. */
function argumentsText(given: readonly unknown[]): string {
  const parts = given.map((one) => {
    const text = JSON.stringify(one) ?? 'null';
    return text.length > 80 ? `${text.slice(0, 60)}… (${count(text.length)} characters)` : text;
  });
  return `(${parts.join(', ')})`;
}
