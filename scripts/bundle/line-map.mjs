/**
 * Makes a source map smaller: of positions that follow each other and lead to one line of the source, only the first is
 * kept. A stack trace then names the right line, and the column where that line begins or goes on.
 */
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Map(DIGITS.split('').map((digit, value) => [digit, value]));

/** The numbers of a segment: 5 bits a digit, the lowest of the number is its sign. */
function decode(segment) {
  const numbers = [];
  let [value, shift] = [0, 0];
  for (const digit of segment) {
    const bits = VALUES.get(digit);
    value |= (bits & 31) << shift;
    shift += 5;
    if ((bits & 32) !== 0) continue;
    numbers.push((value & 1) === 1 ? -(value >>> 1) : value >>> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}

function encode(numbers) {
  return numbers
    .map((number) => {
      let value = number < 0 ? (-number << 1) | 1 : number << 1;
      let text = '';
      do {
        const bits = value & 31;
        value >>>= 5;
        text += DIGITS[value > 0 ? bits | 32 : bits];
      } while (value > 0);
      return text;
    })
    .join('');
}

/** @returns the mappings with one position for each line of the source in a row. Names of the source are dropped. */
export function linesOnly(mappings) {
  // Source, line and column, of the positions that are read and of the last one that was written.
  const read = [0, 0, 0];
  const written = [0, 0, 0];
  return mappings
    .split(';')
    .map((line) => {
      let [column, lastColumn, last] = [0, 0, ''];
      const kept = [];
      for (const segment of line.split(',')) {
        if (segment === '') continue;
        const [move, ...places] = decode(segment);
        column += move;
        if (places.length === 0) continue;
        for (const index of read.keys()) read[index] += places[index];
        const place = `${read[0]}:${read[1]}`;
        if (place === last) continue;
        last = place;
        kept.push(encode([column - lastColumn, ...read.map((value, index) => value - written[index])]));
        lastColumn = column;
        for (const [index, value] of read.entries()) written[index] = value;
      }
      return kept.join(',');
    })
    .join(';');
}
