/**
 * How all drawings look. Each has a ground of its own, so it can be read
 * whatever page shows it, and follows the reader's choice of light or dark.
 */

export const WIDTH = 860;
export const MARGIN = 20;

/** Sizes of letters. */
export const TITLE_SIZE = 16;
export const TEXT_SIZE = 13;
export const SMALL_SIZE = 12;

interface Colours {
  readonly ground: string;
  readonly edge: string;
  readonly ink: string;
  readonly faint: string;
  readonly grid: string;
  readonly ours: string;
  readonly peer: string;
}

const LIGHT: Colours = {
  ground: '#ffffff',
  edge: '#d1d9e0',
  ink: '#1f2328',
  faint: '#59636e',
  grid: '#e4e8ec',
  ours: '#0969da',
  peer: '#9aa4af',
};

const DARK: Colours = {
  ground: '#0d1117',
  edge: '#3d444d',
  ink: '#f0f6fc',
  faint: '#9198a1',
  grid: '#262c36',
  ours: '#4493f8',
  peer: '#767e88',
};

function rules({ ground, edge, ink, faint, grid, ours, peer }: Colours): string {
  return [
    `.ground{fill:${ground};stroke:${edge}}`,
    `.ink{fill:${ink}}`,
    `.faint{fill:${faint}}`,
    `.grid{stroke:${grid}}`,
    `.ours{fill:${ours}}.peer{fill:${peer}}`,
    `.ours-line{stroke:${ours}}.peer-line{stroke:${peer}}`,
    `.spread{stroke:${ink}}`,
    `.ring{stroke:${ground}}`,
  ].join('');
}

/** One of about the same width everywhere: places are worked out without asking the font. */
const FONT = "'Segoe UI','Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif";

export const STYLE: string = [
  `text{font-family:${FONT};font-size:${TEXT_SIZE}px}`,
  `.title{font-size:${TITLE_SIZE}px;font-weight:600}`,
  `.small{font-size:${SMALL_SIZE}px}`,
  '.strong{font-weight:600}',
  '.right{text-anchor:end}.middle{text-anchor:middle}',
  '.spread{stroke-width:1.5;fill:none}',
  '.band{stroke-width:6;stroke-opacity:.45}',
  '.line{fill:none;stroke-width:2}.lead{fill:none;stroke-width:1;stroke-opacity:.6}',
  rules(LIGHT),
  `@media (prefers-color-scheme:dark){${rules(DARK)}}`,
].join('');
