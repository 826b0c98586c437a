/** What the lanes do, in a few lines. */
import type { LaneActivity } from 'offthread';
import { duration, pad, plural } from '../console/format.js';
import type { Tone } from '../console/screen.js';

const MARKS: Readonly<Record<LaneActivity['state'], string>> = {
  busy: '●',
  idle: '○',
  starting: '◌',
  lost: '✗',
};
const TONES: Readonly<Record<LaneActivity['state'], Tone>> = {
  busy: 'good',
  idle: 'dim',
  starting: 'dim',
  lost: 'bad',
};
/** More lanes than this are shown as a row of marks. */
const LISTED = 6;
const NAME_WIDTH = 14;

/** @param paint puts a text in a tone. */
export function laneLines(
  lanes: readonly LaneActivity[],
  width: number,
  paint: (tone: Tone, text: string) => string,
): string[] {
  if (lanes.length <= LISTED) {
    return lanes.map((lane) => {
      const text = ` ${pad(lane.lane, NAME_WIDTH)} ${doing(lane)}`.slice(0, Math.max(0, width - 3));
      return `  ${paint(TONES[lane.state], MARKS[lane.state])}${text}`;
    });
  }
  const marks = lanes.slice(0, width - 2).map(({ state }) => paint(TONES[state], MARKS[state]));
  const number = (state: LaneActivity['state']): number =>
    lanes.filter((lane) => lane.state === state).length;
  const counts = (['busy', 'idle', 'starting', 'lost'] as const)
    .filter((state) => number(state) > 0)
    .map((state) => `${number(state)} ${state}`);
  const longest = lanes
    .filter(({ state }) => state === 'busy')
    .reduce<LaneActivity | undefined>((one, other) => (ranMs(other) > ranMs(one) ? other : one), undefined);
  const most = longest === undefined ? '' : `; longest: ${longest.lane} ${doing(longest)}`;
  return [
    `  ${marks.join('')}`,
    `  ${plural(lanes.length, 'lane')}: ${counts.join(', ')}${most}`.slice(0, width),
  ];
}

function ranMs(lane: LaneActivity | undefined): number {
  return lane?.call?.ranMs ?? -1;
}

function doing({ state, call }: LaneActivity): string {
  if (call === undefined) return state === 'lost' ? 'lost: stuck in native code' : state;
  const text = `${call.symbol} for ${duration(call.ranMs)}`;
  return state === 'lost' ? `lost in ${text}` : text;
}
