/** A stress report as one page that needs nothing else: for a browser, a phone, print, and readers of screens. */
import { count } from '../console/format.js';
import type { StressReport } from '../stress/stress-report.js';
import { percent, rate, time } from '../stress/text/figures.js';
import { reportText } from '../stress/text/report-text.js';
import { escaped, htmlTable, scriptData } from './html.js';
import type { Plot } from './page/plot.js';
import { lanesPlot, latencyPlot, ratePlot, timesPlot } from './plot-data.js';
import { cardHtml, cardsOf, proofHtml, proofsOf } from './verdict-cards.js';

/** What the page is made of, beside the report: the script that draws, and its styles. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

interface Section {
  readonly html: string;
  readonly plots: readonly Plot[];
}

export function reportPage(report: StressReport, { script, style }: PageAssets): string {
  const { target, run } = report;
  const title = `${target.symbol} in ${target.library}`;
  const sections = [lanesSection(report), loadSection(report)];
  const cards = cardsOf(report);
  const when = run.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} · offthread stress</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<p class="faint">offthread stress, ${escaped(when)}${run.interrupted ? ', interrupted' : ''}</p>
</header>
<main>
${cards.length === 0 ? '' : `<ul class="cards">${cards.map(cardHtml).join('')}</ul>`}
${sections.map(({ html }) => html).join('\n')}
${proofsOf(report).map(proofHtml).join('\n')}
${machineSection(report)}
<h2>The same as text</h2>
<details><summary>What the command printed</summary><pre>${escaped(reportText(report))}</pre></details>
</main>
<script type="application/json" id="plots">${scriptData(sections.flatMap(({ plots }) => plots))}</script>
<script>${script.replaceAll('</script', String.raw`<\/script`)}</script>
</body>
</html>
`;
}

/** A plot's place, with a text for those who do not see it. */
function figure({ id }: Plot, label: string, caption: string): string {
  return `<figure><div class="plot" id="${id}" role="img" aria-label="${escaped(label)}"></div><figcaption>${escaped(caption)}</figcaption></figure>`;
}

function lanesSection({ lanes, verdicts: { scalability } }: StressReport): Section {
  if (lanes === undefined) return { html: '', plots: [] };
  const plot = lanesPlot(lanes);
  const rows = lanes.points.map((point) => [
    String(point.lanes),
    rate(point.rate),
    `${rate(point.interval[0])} to ${rate(point.interval[1])}`,
    time(point.runMs),
  ]);
  const most = lanes.points.reduce((one, other) => (other.rate > one.rate ? other : one));
  const label = `Throughput against lanes: most with ${most.lanes}, ${rate(most.rate)} calls a second. The table below has all figures.`;
  const law =
    lanes.law === null
      ? 'No law was fitted.'
      : `The line is the fitted law, the band its 95 % interval: ${percent(lanes.law.serialised)} of a call is serialised.`;
  return {
    html: `<h2>Throughput and lanes</h2>
<p>${escaped(scalability?.reason ?? '')}</p>
${figure(plot, label, `Points are means of ${count(lanes.rounds)} rounds. ${law}`)}
${htmlTable('Calls a second with each number of lanes', ['lanes', 'calls/s', '95 % interval', 'in the function'], rows)}`,
    plots: [plot],
  };
}

function loadSection({ load }: StressReport): Section {
  if (load === undefined) return { html: '', plots: [] };
  const { latency, calls } = load;
  const plots = [latencyPlot(load), ratePlot(load), timesPlot(load)] as const;
  const [shares, rates, times] = plots;
  const rows = (
    [
      ['total', latency.total],
      ['waiting', latency.queue],
      ['in the function', latency.run],
    ] as const
  ).map(([name, { p50, p90, p99, p999, max, samples }]) => [
    name,
    ...[p50, p90, p99, p999, max].map(time),
    count(samples),
  ]);
  const { p50, p99 } = latency.total;
  const failed = calls.failed + calls.dropped;
  return {
    html: `<h2>Load</h2>
<p>${rate(load.rate)} calls a second, ${count(calls.succeeded)} succeeded, ${count(calls.failed)} failed${
      load.model.kind === 'open' ? `, ${count(calls.dropped)} dropped, ${count(calls.late)} made late` : ''
    }.</p>
${htmlTable('Times of successful calls', ['', 'p50', 'p90', 'p99', 'p99.9', 'max', 'samples'], rows)}
${figure(shares, `Times by share of calls: ${time(p50)} at the median, ${time(p99)} at 99 %.`, 'How many calls took at most how long; to the right the slowest ones.')}
${figure(rates, `Calls a second over time, ${rate(load.rate)} on average, ${count(failed)} failed or dropped.`, 'Calls a second over time.')}
${figure(times, `Times over time; the highest is ${time(latency.total.max)}.`, 'Times of each second: the median, 99 %, and the slowest call.')}`,
    plots,
  };
}

function machineSection({ machine, run, target }: StressReport): string {
  const rows = [
    ['command', `offthread ${run.command.map(shellWord).join(' ')}`],
    ['seed', String(run.seed)],
    ['lanes', `${target.isolation} lanes, ${target.engine}`],
    ['machine', `${machine.cpu}, ${machine.cores} cores, ${(machine.memoryBytes / 1e9).toFixed(1)} GB`],
    ['system', `${machine.platform} ${machine.arch} ${machine.release}`],
    ['versions', `offthread ${run.offthread}, Node.js ${machine.node}`],
  ];
  const lines = rows.map(
    ([name = '', text = '']) => `<p><strong>${name}</strong> <code>${escaped(text)}</code></p>`,
  );
  return `<h2>Machine and command</h2>\n${lines.join('\n')}`;
}

/** An argument as a shell takes it. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
