/** Why a target was missed: what people found out, from `benchmarks/reasons.json`. */
import { readFileSync } from 'node:fs';
import { matches } from '../harness/report/pattern.js';

/** Of a question, and of a target of it: its `what`, in which `*` stands for anything. The reason is Markdown. */
export type Reasons = Readonly<Record<string, Readonly<Record<string, string>>>>;

export function readReasons(file: string): Reasons {
  return JSON.parse(readFileSync(file, 'utf8')) as Reasons;
}

export function reasonFor(reasons: Reasons, question: string, what: string): string | undefined {
  return Object.entries(reasons[question] ?? {}).find(([pattern]) => matches(pattern, what))?.[1];
}
