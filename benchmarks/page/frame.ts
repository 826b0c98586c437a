/** What every drawing has: its ground, its title, and a caption. */
import { wrapped } from './letters.js';
import { MARGIN, SMALL_SIZE, STYLE, TITLE_SIZE, WIDTH } from './theme.js';
import { element, svg, text } from './svg.js';

const TITLE_LINE = 21;
const CAPTION_LINE = 17;

export interface Head {
  readonly content: readonly string[];
  /** Where the drawing itself begins. */
  readonly bottom: number;
}

export function head(title: string, caption: string): Head {
  const content: string[] = [];
  let bottom = MARGIN - 2;
  const write = (lines: readonly string[], line: number, kind: string): void => {
    for (const words of lines) {
      bottom += line;
      content.push(text('text', { x: MARGIN, y: bottom - 4, class: kind }, words));
    }
  };
  const room = WIDTH - 2 * MARGIN;
  write(wrapped(title, TITLE_SIZE, room, true), TITLE_LINE, 'title ink');
  write(wrapped(caption, SMALL_SIZE, room), CAPTION_LINE, 'small faint');
  return { content, bottom: bottom + 10 };
}

/** The whole picture. */
export function framed(
  title: string,
  description: string,
  height: number,
  content: readonly string[],
): string {
  const ground = element('rect', {
    class: 'ground',
    x: 0.5,
    y: 0.5,
    width: WIDTH - 1,
    height: height - 1,
    rx: 6,
  });
  return svg({ width: WIDTH, height, title, description, style: STYLE, content: [ground, ...content] });
}
