/** Writes SVG: elements as text, with everything escaped that needs it. */

type Attributes = Readonly<Record<string, string | number>>;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}

/** Two decimals are below what a screen shows. @throws RangeError for what is no coordinate. */
function written(value: string | number): string {
  if (typeof value === 'string') return escaped(value);
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no place in a drawing`);
  return String(Math.round(value * 100) / 100);
}

/** @param content elements, as they are; for text see `text`. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${written(value)}"`);
  return `<${name}${list.join('')}${content === '' ? '/>' : `>${content}</${name}>`}`;
}

/** An element that holds text. */
export function text(name: string, attributes: Attributes, content: string): string {
  return element(name, attributes, escaped(content));
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** What it shows, for who cannot see it. */
  readonly description: string;
  readonly style: string;
  readonly content: readonly string[];
}

export function svg({ width, height, title, description, style, content }: Drawing): string {
  const lines = [
    text('title', { id: 'title' }, title),
    text('desc', { id: 'desc' }, description),
    element('style', {}, style),
    ...content,
  ];
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${written(width)} ${written(height)}`,
    width,
    height,
    role: 'img',
    'aria-labelledby': 'title desc',
  };
  return `${element('svg', attributes, `\n${lines.join('\n')}\n`)}\n`;
}
