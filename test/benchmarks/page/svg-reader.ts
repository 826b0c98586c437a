/** Reads what the drawings write: whether it is XML, and where its words are. */
import { textWidth } from '../../../benchmarks/page/letters.js';

const TOKEN =
  /<(\/?)([a-z]+)((?: [a-zA-Z][\w:-]*="[^"<&]*(?:&(?:amp|lt|gt|quot);[^"<&]*)*")*)(\/?)>|([^<]+)/gy;
const STRAY_AMPERSAND = /&(?!(?:amp|lt|gt|quot);)/;

/** @throws Error when a tag is not closed, not quoted or not a tag. */
export function checkWellFormed(xml: string): void {
  const open: string[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < xml.length; at = TOKEN.lastIndex) {
    const token = TOKEN.exec(xml);
    if (token === null) throw new Error(`no XML: ${xml.slice(at, at + 60)}`);
    const [, closing, name, , empty, text] = token;
    if (text !== undefined) {
      if (STRAY_AMPERSAND.test(text)) throw new Error(`not escaped: ${text}`);
    } else if (closing === '/') {
      const opened = open.pop();
      if (opened !== name) throw new Error(`</${name}> closes <${opened}>`);
    } else if (empty === '' && name !== undefined) open.push(name);
  }
  if (open.length > 0) throw new Error(`not closed: ${open.join(', ')}`);
}

export interface Words {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const attribute = (attributes: string, name: string): string =>
  new RegExp(` ${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}

function sizeOf(classes: string): number {
  if (/\btitle\b/.test(classes)) return 16;
  return /\bsmall\b/.test(classes) ? 12 : 13;
}

/** Width of a text's content: its spans, or itself. */
function contentWidth(content: string, classes: string): number {
  const spans = [...content.matchAll(/<tspan([^>]*)>([^<]*)<\/tspan>/g)];
  if (spans.length === 0) {
    return textWidth(unescaped(content), sizeOf(classes), /\b(?:title|strong)\b/.test(classes));
  }
  return spans.reduce((sum, [, attributes = '', words = '']) => {
    const gap = Number(attribute(attributes, 'dx'));
    return sum + gap + contentWidth(words, attribute(attributes, 'class'));
  }, 0);
}

/** All texts, and the room that each takes. */
export function wordsOf(svg: string): Words[] {
  return [...svg.matchAll(/<text([^>]*)>(.*?)<\/text>/g)].map(([, attributes = '', content = '']) => {
    const classes = attribute(attributes, 'class');
    const x = Number(attribute(attributes, 'x'));
    const y = Number(attribute(attributes, 'y'));
    const width = contentWidth(content, classes);
    const before = /\bright\b/.test(classes) ? width : /\bmiddle\b/.test(classes) ? width / 2 : 0;
    const size = sizeOf(classes);
    return {
      text: unescaped(content.replaceAll(/<[^>]*>/g, ' ')),
      left: x - before,
      right: x - before + width,
      top: y - size * 0.8,
      bottom: y + size * 0.2,
    };
  });
}

const apart = (one: Words, other: Words): boolean =>
  one.right <= other.left || other.right <= one.left || one.bottom <= other.top || other.bottom <= one.top;

/** Pairs of texts that lie on each other. */
export function collisions(words: readonly Words[]): string[] {
  return words.flatMap((one, index) =>
    words
      .slice(index + 1)
      .filter((other) => !apart(one, other))
      .map((other) => `${one.text} | ${other.text}`),
  );
}

/** Texts that leave the drawing. */
export function cut(svg: string): string[] {
  const [, width, height] = (/viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? []).map(Number);
  return wordsOf(svg)
    .filter(
      ({ left, right, top, bottom }) => left < 0 || top < 0 || right > (width ?? 0) || bottom > (height ?? 0),
    )
    .map(({ text }) => text);
}
