/** Where recordings lie, and where the page goes. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { QUESTIONS } from '../harness/command/question-list.js';
import { type Page, pageOf } from './page.js';
import { readReasons } from './reasons.js';
import { readRecording } from './recording.js';

/** The page of what is recorded. @param root the project's folder. */
export function pageFrom(root: string): Page {
  const answered = QUESTIONS.map((question) => ({
    question,
    recording: readRecording(join(root, 'benchmarks/results', `${question.name}.json`)),
  }));
  return pageOf(answered, readReasons(join(root, 'benchmarks/reasons.json')));
}

/** Puts it into docs, and removes drawings that it no longer shows. */
export function writePage(root: string, { markdown, drawings }: Page): void {
  const folder = join(root, 'docs/benchmarks');
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) {
    if (file.endsWith('.svg') && !drawings.has(file)) rmSync(join(folder, file));
  }
  for (const [file, drawing] of drawings) writeFileSync(join(folder, file), drawing);
  writeFileSync(join(root, 'docs/benchmarks.md'), markdown);
}
