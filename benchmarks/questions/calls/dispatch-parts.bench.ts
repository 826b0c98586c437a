/**
 * What does each part of dispatch buy? The library against itself with one part
 * left out, which is a change of one line of a copy of the compiled files; both
 * in the same program, in turns, on two lanes.
 *
 * Additions of two integers with 1,024 and 64 callers, and with one, each
 * awaiting its call before it makes the next; and lengths of short texts with 64
 * callers. The figure is how many times as many calls a second there are with
 * the part: 1 where it makes no difference, below 1 where it is in the way.
 */
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { testlib } from '../../harness/paths.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { ratios } from '../../harness/measure/rounds.js';
import { median } from '../../harness/measure/statistics.js';
import { type Effort, runnersOf, throughput } from '../../harness/measure/throughput.js';
import { type Contestant, closeField } from '../../peers/contestant.js';
import { PARTS, type Part } from '../../peers/calls/parts.js';
import { textOf } from '../../peers/calls/text-field.js';
import { libraryWithout, removeLibraries } from '../../peers/calls/without-part.js';

const given = benchmarkArguments();
const EFFORT: Effort = given.quick
  ? { rounds: 2, roundMs: 20, warmUpMs: 20 }
  : { rounds: 7, roundMs: 80, warmUpMs: 150 };

interface Load {
  readonly title: string;
  readonly inFlight: number;
  readonly texts?: boolean;
}

const LOADS: readonly Load[] = [
  { title: '1,024 in flight', inFlight: 1_024 },
  { title: '64 in flight', inFlight: 64 },
  { title: '1 in flight', inFlight: 1 },
  { title: 'texts, 64 in flight', inFlight: 64, texts: true },
];

interface Variant {
  readonly part: Part | null;
  readonly add: Contestant;
  readonly text: Contestant;
}

async function variant(part: Part | null, number: number): Promise<Variant> {
  const { createPool } = await libraryWithout(part, number);
  const pool = createPool({ lanes: 2, maxQueue: 2_048 });
  const { ot_add, ot_strlen } = await pool.open(
    testlib,
    {
      ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
      ot_strlen: { arguments: ['cstring'], return: 'i32' },
    },
    { engine: 'koffi' },
  );
  const common = { name: `variant ${number}`, ffi: 'koffi', ours: true } as const;
  return {
    part,
    add: { ...common, call: (a, b) => ot_add(a, b), close: () => pool.close() },
    text: {
      ...common,
      call: (call) => ot_strlen(textOf(call)),
      expected: (call) => textOf(call).length,
      close: async () => {},
    },
  };
}

const report = new Report('dispatch-parts', given);
// Each copy of the library listens for the process's end.
process.setMaxListeners(PARTS.length * 2 + 10);
const variants: Variant[] = [];
for (const [number, part] of [null, ...PARTS].entries()) variants.push(await variant(part, number));
const bought = new Map<Part, Record<string, number>>(PARTS.map((part) => [part, {}]));
for (const { title, inFlight, texts = false } of LOADS) {
  const runners = await runnersOf(variants.map(({ add, text }) => (texts ? text : add)));
  const [whole, ...others] = await throughput(runners, inFlight, EFFORT);
  for (const [index, { rates }] of others.entries()) {
    const row = bought.get(PARTS[index] as Part) as Record<string, number>;
    row[title] = median(ratios(whole?.rates ?? [], rates));
  }
}
report.table(
  `Times as many calls a second as without it, ${EFFORT.rounds} rounds in turns`,
  PARTS.map((part) => ({ part: part.name, ...bought.get(part) })),
);
await closeField(variants.map(({ add }) => add));
removeLibraries();
report.end();
