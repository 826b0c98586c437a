/** Two builds, and two runs, for people. */
import { count, duration, table } from '../../console/format.js';
import type { ComparedFigure, ComparisonReport } from '../compare/compare-report.js';
import type { VersusReport } from '../compare/versus.js';
import { mean } from '../statistics/bootstrap.js';
import type { Interval } from '../verdict-types.js';
import { GAP, indented, percent, rate, time } from './figures.js';

function change(ratio: number, [low, high]: Interval): string {
  const text = (value: number): string => `${value >= 1 ? '+' : '−'}${percent(Math.abs(value - 1))}`;
  return `${text(ratio)} (95 %: ${text(low)} to ${text(high)})`;
}

export function versusText(library: string, report: VersusReport): string[] {
  const { results, rateRatio, rateInterval, runRatio, runInterval } = report;
  const [low, high] = rateInterval;
  const faster = low > 1 ? 'faster' : high < 1 ? 'slower' : null;
  const found =
    faster === null
      ? `${report.library} is as fast as ${library}, as far as can be told`
      : `${report.library} is ${faster} than ${library}`;
  const example = results.example;
  return [
    found,
    ...indented([
      `calls/s: ${rate(mean(report.rates[0]))} and ${rate(mean(report.rates[1]))}, ${change(rateRatio, rateInterval)}`,
      ...(runRatio === null || runInterval === null
        ? []
        : [`time in the function, median: ${change(runRatio, runInterval)}`]),
      resultsText(report),
      ...(example === null
        ? []
        : [
            `  first difference, item ${example.item}, arguments ${JSON.stringify(example.arguments)}:`,
            `  ${JSON.stringify(example.first)} and ${JSON.stringify(example.other)}`,
          ]),
      `Measured in ${count(report.rounds)} rounds of ${duration(report.sliceMs)} each, in turns.`,
      ...(report.failed > 0 ? [`${count(report.failed)} calls failed, and are not in the rates.`] : []),
    ]),
  ];
}

function resultsText({ results }: VersusReport): string {
  const inputs = `${count(results.inputs)} input${results.inputs === 1 ? '' : 's'}`;
  switch (results.verdict) {
    case 'same':
      return `results: the same for ${inputs}`;
    case 'different':
      return `results: different for ${count(results.different)} of ${inputs}`;
    case 'not-comparable':
      return 'results: not comparable, since the function gives other results when it is called again';
  }
}

export function comparisonText(report: ComparisonReport): string[] {
  const head = report.regressed ? 'Worse than' : 'Not worse than';
  return [
    `${head} ${report.file}, of ${report.startedAt}`,
    ...indented([
      ...table(
        [
          ['', 'before', 'now', 'change', ''],
          ...report.figures.map((one) => [
            one.figure,
            figureText(one, one.before),
            figureText(one, one.after),
            one.ratio === null || one.interval === null ? '–' : change(one.ratio, one.interval),
            one.verdict,
          ]),
        ],
        GAP,
      ),
      `A change counts when its whole interval is beyond ${percent(report.tolerance)}.`,
      ...report.differences.map((text) => `Other than then: ${text}`),
    ]),
  ];
}

function figureText({ figure }: ComparedFigure, value: number): string {
  if (figure === 'rate') return `${rate(value)}/s`;
  return figure === 'errors' ? percent(value) : time(value);
}
