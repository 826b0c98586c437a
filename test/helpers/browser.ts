/** Opens a page in headless Chromium, and tells what it looks like there. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a page says of itself once it has drawn. */
export interface SeenPage {
  readonly width: number;
  /** Pixels that the page is wider than its window. */
  readonly overflow: number;
  /** For each plot, whether anything is drawn on it. */
  readonly drawn: readonly boolean[];
  /** Colour of the page's paper. */
  readonly paper: string;
  /** Errors of scripts, and messages on the console. */
  readonly errors: readonly string[];
}

/** The browser's command; undefined where it is not installed. */
export const chromium: string | undefined = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);

/** Runs in the page: tells the page around it what can be seen. */
const PROBE = `<script>
addEventListener('error', ({ message }) => (window.failures ??= []).push(message));
for (const name of ['error', 'warn', 'log']) console[name] = (...words) => (window.failures ??= []).push(words.join(' '));
addEventListener('load', () => setTimeout(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  const width = innerWidth;
  const drawn = [...document.querySelectorAll('.plot')].map((plot) => {
    const canvas = plot.querySelector('canvas');
    if (canvas === null || canvas.width === 0) return false;
    return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte !== 0);
  });
  const paper = getComputedStyle(document.body).backgroundColor;
  const errors = window.failures ?? [];
  parent.postMessage(JSON.stringify({ width, overflow: scrollWidth - clientWidth, drawn, paper, errors }), '*');
}, 300));
</script>`;

/**
 * Opens a page in a window of that width.
 * @param colours of the system.
 */
export function seePage(html: string, width: number, colours: 'light' | 'dark' = 'light'): SeenPage {
  const folder = mkdtempSync(join(tmpdir(), 'offthread-page-'));
  writeFileSync(join(folder, 'page.html'), html.replace('<head>', `<head>${PROBE}`));
  // Chromium makes no window as narrow as a phone, but a frame can be.
  writeFileSync(
    join(folder, 'frame.html'),
    `<!doctype html><body><pre id="said"></pre><iframe src="page.html" style="width:${width}px;height:900px;border:0"></iframe>
     <script>addEventListener('message', ({ data }) => { document.getElementById('said').textContent = btoa(unescape(encodeURIComponent(data))); });</script>`,
  );
  const dom = execFileSync(
    chromium as string,
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      `--user-data-dir=${join(folder, 'profile')}`,
      '--window-size=1400,1000',
      ...(colours === 'dark'
        ? ['--blink-settings=preferredColorScheme=0']
        : ['--blink-settings=preferredColorScheme=1']),
      '--virtual-time-budget=5000',
      '--dump-dom',
      `file://${join(folder, 'frame.html')}`,
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 },
  );
  const said = /<pre id="said">([^<]+)<\/pre>/.exec(dom)?.[1];
  if (said === undefined) throw new Error(`the page said nothing:\n${dom.slice(0, 2_000)}`);
  return JSON.parse(Buffer.from(said, 'base64').toString('utf8')) as SeenPage;
}
