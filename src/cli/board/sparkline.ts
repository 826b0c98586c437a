/** A row of bars, one for each value. */

const BARS = '▁▂▃▄▅▆▇█';

/** The last values that fit the width, from 0 to the greatest of them. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = width <= 0 ? [] : values.slice(-width);
  const most = Math.max(0, ...shown);
  return shown.map((value) => BARS[most === 0 ? 0 : Math.round((value / most) * (BARS.length - 1))]).join('');
}
