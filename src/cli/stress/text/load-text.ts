/** A load, its limit and its objectives, for people. */
import { count, duration, plural, table } from '../../console/format.js';
import type { LimitReport } from '../load/find-limit.js';
import type { LoadModel } from '../load/load-types.js';
import type { ObjectiveResult } from '../load/objectives.js';
import type { LoadReport } from '../stress-report.js';
import { GAP, indented, latencyTable, paragraph, percent, rate, time } from './figures.js';

/** Failed calls that are shown by what they said. */
const ERRORS = 5;

function modelText(model: LoadModel): string {
  if (model.kind === 'closed') return `${plural(model.concurrency, 'call')} in flight, always`;
  const kind = model.arrivals === 'poisson' ? ', at random distances' : '';
  return model.from === model.to
    ? `${rate(model.from)} calls a second arrive${kind}`
    : `${rate(model.from)} to ${rate(model.to)} calls a second arrive${kind}`;
}

export function loadText(load: LoadReport): string[] {
  const { calls, latency, model } = load;
  const open = model.kind === 'open';
  const parts = [
    `${rate(load.rate)} calls/s`,
    `${count(calls.succeeded)} succeeded`,
    `${count(calls.failed)} failed`,
    ...(open ? [`${count(calls.dropped)} dropped`, `${count(calls.late)} made late`] : []),
  ];
  return [
    `Load: ${modelText(model)}; ${plural(load.lanes, 'lane')}, measured for ${duration(load.measuredMs)}`,
    ...indented([
      parts.join(' · '),
      '',
      ...latencyTable([
        ['total', latency.total],
        ['waiting', latency.queue],
        ['in the function', latency.run],
      ]),
      ...notes(load),
      ...failures(load),
    ]),
  ];
}

function notes({ latency, noOp, calls, model, endedByCrashes }: LoadReport): string[] {
  const lines = [''];
  if (endedByCrashes !== undefined) {
    lines.push(`The load was ended: ${plural(endedByCrashes, 'call')} crashed (--max-crashes).`);
  }
  if (latency.total.samples > 0 && latency.total.p999 === null) {
    lines.push('A dash is a percentile with fewer than 10 calls beyond it: too few to say.');
  }
  if (noOp?.total.p50 !== null && noOp !== undefined) {
    const share = `The pool's own share: ${time(noOp.total.p50)} at the median, measured with ${noOp.symbol}(), which does nothing, under the same load.`;
    lines.push(...paragraph(share));
  }
  if (model.kind === 'open' && calls.dropped > 0) {
    const dropped = `Dropped: more than ${count(model.maxInFlight)} calls were in flight (--max-in-flight). The load is more than the lanes can do.`;
    lines.push(...paragraph(dropped));
  }
  return lines.length === 1 ? [] : lines;
}

function failures({ errors, calls }: LoadReport): string[] {
  if (calls.failed === 0) return [];
  return [
    '',
    `Failed calls: ${Object.entries(calls.failures)
      .map(([kind, many]) => `${count(many)} ${kind}`)
      .join(', ')}`,
    ...errors
      .slice(0, ERRORS)
      .map(({ message, count: many }) => `  ${count(many)} × ${message.split('\n')[0]}`),
  ];
}

export function objectivesText(objectives: readonly ObjectiveResult[]): string[] {
  return [
    'Objectives',
    ...indented(
      objectives.map(({ objective, met, measured }) =>
        measured === null
          ? `missed  ${objective}: too few calls to know`
          : `${met ? 'met   ' : 'missed'}  ${objective}: ${measuredText(objective, measured)}`,
      ),
    ),
  ];
}

/** What was measured, in the unit of the objective. */
export function measuredText(objective: string, measured: number): string {
  if (objective.startsWith('rate') || objective === 'keeps up') return `${rate(measured)} calls/s`;
  return objective.startsWith('errors') ? percent(measured) : time(measured);
}

export function limitText({ rate: limit, brokeAt, steps }: LimitReport): string[] {
  const broken = steps.findLast((step) => step.rate === brokeAt)?.broken ?? [];
  const why = broken.map(({ objective, measured }) => {
    if (objective === 'keeps up') return `only ${rate(measured ?? 0)} calls/s were answered`;
    return `${objective} was ${measured === null ? 'not known' : measuredText(objective, measured)}`;
  });
  const found =
    limit === null
      ? 'Limit: no rate holds'
      : `Limit: ${rate(limit)} calls/s${brokeAt === null ? ', and the search ended there' : ''}`;
  return [
    brokeAt === null ? found : `${found}. At ${rate(brokeAt)} calls/s, ${why.join(' and ')}.`,
    '',
    ...indented(
      table(
        [
          ['calls/s', 'answered', 'p50', 'p99', ''],
          ...[...steps]
            .sort((one, other) => one.rate - other.rate)
            .map((step) => [
              rate(step.rate),
              rate(step.reached),
              time(step.p50),
              time(step.p99),
              step.held ? 'held' : `broke ${step.broken.map(({ objective }) => objective).join(', ')}`,
            ]),
        ],
        GAP,
      ),
    ),
  ];
}
