/** A stress report, for people. */
import type { StressReport } from '../stress-report.js';
import { comparisonText, versusText } from './compare-text.js';
import { lanesText } from './lanes-text.js';
import { verdictsText } from './verdicts-text.js';
import { limitText, loadText, objectivesText } from './load-text.js';

export function reportText(report: StressReport): string {
  const { target, run, load, limit, lanes, versus, comparison, objectives, verdicts } = report;
  const { scalability } = verdicts;
  const sections = [
    [
      `${target.symbol} in ${target.library} · ${target.isolation} lanes · ${target.engine} · seed ${run.seed}${run.interrupted ? ' · interrupted' : ''}`,
    ],
    load === undefined ? [] : loadText(load),
    limit === undefined ? [] : limitText(limit),
    lanes === undefined || scalability === undefined ? [] : lanesText(lanes, scalability),
    versus === undefined ? [] : versusText(target.library, versus),
    comparison === undefined ? [] : comparisonText(comparison),
    objectives === undefined ? [] : objectivesText(objectives),
    ...verdictsText(verdicts),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}
