/**
 * Compares ratios with the recorded ones, and fails where one fell: see
 * check/compared.ts for which, and how far they may. Never times: machines
 * differ, and what one makes of two programs in turns differs far less.
 *
 *   npm run bench:check
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Outcome, compareQuestion } from './check/compare-question.js';
import type { Verdict } from './check/compare.js';
import { COMPARED } from './check/compared.js';
import { root } from './harness/paths.js';
import { loadLine, machineLine } from './harness/report/machine.js';
import { compiledProgram } from './harness/command/question-list.js';
import { figure, table } from './harness/report/table.js';
import { type RecordedTarget, readRecording } from './page/recording.js';

/** ms for one look at one question, which takes some 10 s when nothing else runs. */
const PATIENCE_MS = 180_000;
const folder = mkdtempSync(join(tmpdir(), 'offthread-ratios-'));

async function measure(question: string): Promise<readonly RecordedTarget[]> {
  const json = join(folder, `${question}.json`);
  await promisify(execFile)(process.execPath, [compiledProgram(question), '--brief', '--json', json], {
    timeout: PATIENCE_MS,
  });
  return readRecording(json)?.targets ?? [];
}

const percent = (share: number): string => (Number.isNaN(share) ? '-' : `${Math.round(share * 100)} %`);
const ratio = (value: number): string => (Number.isNaN(value) ? '-' : figure(value));

function print(question: string, { comparisons, attempts }: Outcome, ms: number): void {
  const looks = attempts === 1 ? 'one look' : `${attempts} looks`;
  console.log(`\n${question}, ${looks}, ${Math.round(ms / 1_000)} s`);
  const rows = comparisons.map(({ compared, recorded, now, left, verdict }) => ({
    verdict,
    target: compared.target,
    recorded: ratio(recorded),
    now: ratio(now),
    'left of it': percent(left),
    'asked for': percent(compared.share),
  }));
  for (const line of table(rows)) console.log(line);
}

console.log(`ratios against those in benchmarks/results\n${machineLine()}\n${loadLine()}`);
const verdicts = new Set<Verdict>();
try {
  for (const question of new Set(COMPARED.map((one) => one.question))) {
    const start = performance.now();
    const list = COMPARED.filter((one) => one.question === question);
    const recording = readRecording(join(root, 'benchmarks/results', `${question}.json`))?.targets ?? [];
    const outcome = await compareQuestion(list, recording, () => measure(question));
    for (const { verdict } of outcome.comparisons) verdicts.add(verdict);
    print(question, outcome, performance.now() - start);
  }
} finally {
  rmSync(folder, { recursive: true });
}

if (verdicts.has('FELL')) {
  console.log(
    '\nA ratio fell. Other work on the machine can do that: see the load above, and try again when it is quiet.' +
      '\nWhere it is meant, record it: npm run bench -- QUESTION --record.',
  );
}
if (verdicts.has('NOT RECORDED')) {
  console.log('\nA ratio is not recorded: npm run bench -- QUESTION --record, on a quiet machine.');
}
if (verdicts.has('NOT MEASURED')) {
  console.log('\nA target is not there any more, or is not a ratio: see benchmarks/check/compared.ts.');
}
console.log(`\ntook ${Math.round(performance.now() / 1_000)} s`);
process.exitCode = [...verdicts].every((verdict) => verdict === 'holds') ? 0 : 1;
