/** Draws with Apache ECharts, without a browser: an SVG with a frame, a title and a caption, for light and dark. */
import { type EChartsOption, format, init, setPlatformAPI } from 'echarts';
import { textWidth, wrapped } from './words.js';

setPlatformAPI({ measureText: (text, font) => ({ width: textWidth(text, font ?? '') }) });

/** Each in light and in dark. Charts are drawn in light ones; a style sheet in the SVG replaces them on dark pages. */
const COLOURS = {
  ground: ['#ffffff', '#0d1117'],
  edge: ['#d1d9e0', '#3d444d'],
  ink: ['#1f2328', '#f0f6fc'],
  faint: ['#59636e', '#9198a1'],
  grid: ['#e4e8ec', '#262c36'],
  ours: ['#0969da', '#4493f8'],
  peer: ['#9aa4af', '#767e88'],
} as const;

export function colour(name: keyof typeof COLOURS): string {
  return COLOURS[name][0];
}

const STYLE = Object.values(COLOURS)
  .map(([light, dark]) => `[fill="${light}"]{fill:${dark}}[stroke="${light}"]{stroke:${dark}}`)
  .join('');

const fontFamily = 'Helvetica,Arial,sans-serif';

export interface TextStyle {
  readonly color: string;
  readonly fontFamily: string;
  readonly fontSize: number;
  readonly fontWeight: 400 | 600;
  readonly lineHeight: number;
}

const TITLE: TextStyle = { color: colour('ink'), fontFamily, fontSize: 16, fontWeight: 600, lineHeight: 21 };
export const TEXT: TextStyle = { ...TITLE, fontSize: 13, fontWeight: 400, lineHeight: 16 };
export const STRONG: TextStyle = { ...TEXT, fontWeight: 600 };
export const SMALL: TextStyle = { ...TEXT, color: colour('faint'), fontSize: 12, lineHeight: 17 };

const cssFont = ({ fontWeight, fontSize }: TextStyle): string => `${fontWeight} ${fontSize}px ${fontFamily}`;

export const widthOf = (text: string, style: TextStyle): number => textWidth(text, cssFont(style));

export const linesOf = (text: string, style: TextStyle, width: number): string[] =>
  wrapped(text, cssFont(style), width);

export const WIDTH = 860;
export const MARGIN = 20;

export interface Chart {
  readonly title: string;
  readonly caption: string;
  /** What it shows, for readers who cannot see it. */
  readonly description: string;
  /** Of the axes with their labels, in pixels. */
  readonly height: number;
  /** To the right of the axes, in pixels. */
  readonly room: number;
  readonly option: Pick<EChartsOption, 'xAxis' | 'yAxis' | 'series'>;
}

/** What ECharts writes for interactive pages. */
const FOR_POINTERS = / (?:class|pointer-events|ecmeta_\w+)="[^"]*"|<style >.*<\/style>\n/gs;
const INVISIBLE = /<(path|rect) [^>]*fill="none"><\/\1>\n/g;
/** In ids: how many charts this process has drawn before. */
const COUNT = /(?<= id="|url\(#)zr\d+-/g;

/** @returns the text of an SVG: the same for the same chart, on every machine. */
export function drawn({ title, caption, description, height, room, option }: Chart): string {
  const heading = linesOf(title, TITLE, WIDTH - 2 * MARGIN);
  const subheading = linesOf(caption, SMALL, WIDTH - 2 * MARGIN);
  const top = MARGIN + heading.length * TITLE.lineHeight + subheading.length * SMALL.lineHeight + 10;
  const bottom = top + height + MARGIN / 2;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: bottom });
  try {
    chart.setOption({
      ...option,
      animation: false,
      title: {
        text: heading.join('\n'),
        textStyle: TITLE,
        subtext: subheading.join('\n'),
        subtextStyle: SMALL,
        backgroundColor: 'none',
        borderColor: 'none',
        itemGap: 0,
        padding: 0,
        left: MARGIN,
        top: MARGIN,
      },
      grid: { left: MARGIN, right: MARGIN + room, top, height, outerBoundsMode: 'same' },
      graphic: {
        type: 'rect',
        shape: { x: 0.5, y: 0.5, width: WIDTH - 1, height: bottom - 1, r: 6 },
        style: { fill: colour('ground'), stroke: colour('edge') },
        z: -10,
      },
    });
    const words =
      `<title id="title">${format.encodeHTML(title)}</title>\n` +
      `<desc id="desc">${format.encodeHTML(description)}</desc>\n` +
      `<style>@media (prefers-color-scheme:dark){${STYLE}}</style>\n`;
    return `${chart
      .renderToSVGString()
      .replaceAll(FOR_POINTERS, '')
      .replaceAll(INVISIBLE, '')
      .replaceAll(COUNT, '')
      .replace('>\n', ` role="img" aria-labelledby="title desc">\n${words}`)}\n`;
  } finally {
    chart.dispose();
  }
}
