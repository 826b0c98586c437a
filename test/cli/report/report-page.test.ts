/** B12: the page of a stress report, as text and in a browser. */
import { expect } from 'chai';
import { reportPage } from '../../../src/cli/report/report-page.js';
import { pageAssets } from '../../../src/cli/report/write-report.js';
import { stressReport } from '../../fixtures/stress-report.js';
import { chromium, seePage } from '../../helpers/browser.js';
import { slow } from '../../helpers/fast-run.js';

const assets = pageAssets(new URL('cli/', import.meta.resolve('offthread')));

describe('cli: the page of a report', () => {
  const page = reportPage(stressReport, assets);

  it('has the verdicts, the proofs, the figures, the machine and the command', () => {
    for (const text of [
      'Not thread-safe',
      'No leak found',
      'take 8',
      'Crashes (SIGSEGV)',
      'Missed',
      'Measured: 2.64 ms.',
      '#include &lt;pthread.h&gt;',
      'cc -O1 -pthread race.c',
      '20,000',
      'A processor',
      'v20.20.0',
    ])
      expect(page).to.include(text);
    expect(page).to.match(
      /<div class="plot" id="lanes" role="img" aria-label="Throughput against lanes: most with 8/,
    );
  });

  it('shows a command that a shell takes back', () => {
    const command = /<code>(offthread stress[^<]*)<\/code>/.exec(page)?.[1] ?? '';
    expect(command)
      .to.include('&#39;int f(const char *text, int &#39;\\&#39;&#39;n&#39;\\&#39;&#39;)&#39;')
      .and.include(' int:0..9');
  });

  it('needs nothing else, and takes no text for its own code', () => {
    expect(page).to.not.match(/(?:src|href)="/);
    expect(page).to.not.include('lib<b>');
    expect(page.match(/<\/script/g)).to.have.length(2);
  });

  it('leaves out what was not asked for', () => {
    const { run, machine, target } = stressReport;
    const bare = reportPage({ version: 1, run, machine, target, verdicts: {} }, assets);
    expect(bare).to.not.include('class="plot"').and.not.include('class="card');
  });

  slow('draws every plot in a browser, on a desk and on a phone, in light and dark', function () {
    if (chromium === undefined) this.skip();
    this.timeout(120_000);
    const desk = seePage(page, 1_200);
    expect(desk).to.deep.equal({
      width: 1_200,
      overflow: 0,
      drawn: [true, true, true, true],
      paper: 'rgb(255, 255, 255)',
      errors: [],
    });
    const phone = seePage(page, 390, 'dark');
    expect(phone).to.deep.equal({
      width: 390,
      overflow: 0,
      drawn: [true, true, true, true],
      paper: 'rgb(20, 23, 27)',
      errors: [],
    });
  });
});
