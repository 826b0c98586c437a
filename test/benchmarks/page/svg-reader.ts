/** Reads what the drawings write: whether it is XML, and where its words are. */
import { textWidth } from '../../../benchmarks/page/words.js';

const TOKEN =
  /<(\/?)([a-zA-Z]+)((?: [a-zA-Z][\w:-]*="[^"<&]*(?:&(?:amp|lt|gt|quot|#39);[^"<&]*)*")*) ?(\/?)>|([^<]+)/gy;
const STRAY_AMPERSAND = /&(?!(?:amp|lt|gt|quot|#39);)/;

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
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

/** All texts, and the room that each takes. */
export function wordsOf(svg: string): Words[] {
  return [...svg.matchAll(/<text([^>]*)>([^<]*)<\/text>/g)].map(([, attributes = '', content = '']) => {
    const [, left = 0, top = 0] = (/translate\(([\d.-]+) ([\d.-]+)\)/.exec(attributes) ?? []).map(Number);
    const x = left + Number(attribute(attributes, 'x'));
    const y = top + Number(attribute(attributes, 'y'));
    const style = attribute(attributes, 'style');
    const size = Number(/font-size:(\d+)px/.exec(style)?.[1]);
    const text = unescaped(content);
    const width = textWidth(text, `${/font-weight:(\d+)/.exec(style)?.[1]} ${size}px`);
    const anchor = attribute(attributes, 'text-anchor');
    const before = anchor === 'end' ? width : anchor === 'middle' ? width / 2 : 0;
    return { text, left: x - before, right: x - before + width, top: y - size / 2, bottom: y + size / 2 };
  });
}

/** Positions are rounded. */
const HAIR = 0.01;

const apart = (one: Words, other: Words): boolean =>
  one.right <= other.left + HAIR ||
  other.right <= one.left + HAIR ||
  one.bottom <= other.top + HAIR ||
  other.bottom <= one.top + HAIR;

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
