/** Numbers of lanes, for people. */
import { bar, count, duration, table } from '../../console/format.js';
import type { LanesPoint, LanesReport } from '../lanes/lanes-report.js';
import { rateWith } from '../lanes/scalability-law.js';
import type { ScalabilityVerdict } from '../verdict-types.js';
import { GAP, indented, paragraph, percent, rate, time } from './figures.js';

const BAR = 24;
const USE: Readonly<Record<LanesPoint['use'], string>> = {
  fitted: '',
  'beyond-cores': 'more than the cores',
  'host-busy': 'the host thread was the limit',
};
/** Cores that other programs keep busy, from which on the figures are doubtful. */
const DISTURBED = 0.5;

export function lanesText(report: LanesReport, verdict: ScalabilityVerdict): string[] {
  const { points, law } = report;
  const most = Math.max(...points.map((point) => point.rate));
  const rows = points.map((point) => [
    String(point.lanes),
    rate(point.rate),
    `± ${rate((point.interval[1] - point.interval[0]) / 2)}`,
    law === null || point.use !== 'fitted' ? '–' : rate(rateWith(law, point.effective)),
    time(point.runMs),
    bar(most > 0 ? point.rate / most : 0, BAR),
    USE[point.use],
  ]);
  return [
    verdict.lanes === null ? 'Lanes: undecided' : `Lanes: take ${count(verdict.lanes)}`,
    ...indented([
      ...paragraph(verdict.reason),
      '',
      ...table([['lanes', 'calls/s', '', 'by the law', 'in the function', '', ''], ...rows], GAP),
      '',
      ...lawText(report),
      ...paragraph(
        `Measured in ${count(report.rounds)} rounds of ${duration(report.sliceMs)} for each number, ${report.isolation} lanes, ${count(report.cores)} cores. ± is a 95 % interval.`,
      ),
      ...(report.otherCores > DISTURBED
        ? paragraph(
            `Other programs kept ${report.otherCores.toFixed(1)} cores busy meanwhile. Measure again on a machine that does nothing else.`,
          )
        : []),
      ...(report.isolation === 'process'
        ? ['Processes do not share locks in memory: with --isolation thread the result may be another.']
        : []),
      ...(report.failed > 0 ? [`${count(report.failed)} calls failed, and are not in the rates.`] : []),
    ]),
  ];
}

function lawText({ law }: LanesReport): string[] {
  if (law === null) return [];
  const { intervals, fitsCrosstalk } = law;
  const [low, high] = intervals.serialised;
  const name =
    law.kind === 'universal'
      ? 'Universal scalability law'
      : 'Law of the bottleneck, which fits better than the universal one';
  const crosstalk = fitsCrosstalk ? `, crosstalk κ = ${law.crosstalk.toPrecision(2)}` : '';
  return paragraph(
    `${name}: ${rate(law.single)} calls/s with one lane, serialised σ = ${percent(law.serialised)} (95 %: ${percent(low)} to ${percent(high)})${crosstalk}.`,
  );
}
