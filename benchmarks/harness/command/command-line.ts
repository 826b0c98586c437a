/** What `npm run bench` is asked for. */
import { parseArgs } from 'node:util';

export const USAGE = `\
npm run bench [-- NAME ... | page] [--quick] [--record | --no-record] [--json FILE]

  npm run bench                  answers every question, records the figures in benchmarks/results,
                                 and draws docs/benchmarks.md; half an hour, on a machine that does nothing else
  npm run bench -- NAME ...      answers these, and records nothing
  npm run bench -- page          draws docs/benchmarks.md of what is recorded, and measures nothing
  npm run bench:check            compares ratios with the recorded ones, as CI does

  --quick        a few seconds a question: shows that it runs; its figures say little, and are not recorded
  --record       records, though questions are named or it is quick, and draws the page anew
  --no-record    records nothing, though everything is run
  --json FILE    writes the figures of the one question that is named
  --help         this`;

export type Asked =
  | { readonly kind: 'help' }
  | { readonly kind: 'page' }
  | { readonly kind: 'mistake'; readonly message: string }
  | {
      readonly kind: 'run';
      readonly names: readonly string[];
      /** Handed on to each question's program. */
      readonly flags: readonly string[];
      /** Recorded, and the page drawn afterwards. */
      readonly record: boolean;
    };

const mistake = (message: string): Asked => ({ kind: 'mistake', message });

interface Flags {
  readonly quick: boolean;
  readonly record: boolean | undefined;
  readonly json: string | undefined;
}

function run(named: readonly string[], { quick, record, json }: Flags, all: readonly string[]): Asked {
  const unknown = named.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    return mistake(`no question is called ${unknown.join(' or ')}; there are: ${all.join(', ')}`);
  }
  if (json !== undefined && named.length !== 1)
    return mistake('--json takes the figures of one question: name it');
  const keep = record ?? (named.length === 0 && !quick);
  const flags = [
    ...(quick ? ['--quick'] : []),
    ...(keep ? ['--record'] : []),
    ...(json === undefined ? [] : ['--json', json]),
  ];
  return { kind: 'run', names: named.length > 0 ? [...new Set(named)] : all, flags, record: keep };
}

/** @param all the names of all questions. */
export function asked(args: readonly string[], all: readonly string[]): Asked {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      allowNegative: true,
      options: {
        quick: { type: 'boolean', default: false },
        record: { type: 'boolean' },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    // "Unknown option '--foo'. To specify a positional argument …": the first sentence says it.
    return mistake((error as Error).message.split('. ')[0] ?? '');
  }
  const { help, ...flags } = parsed.values;
  if (help) return { kind: 'help' };
  if (!parsed.positionals.includes('page')) {
    return run(parsed.positionals, { json: undefined, record: undefined, ...flags }, all);
  }
  return args.length === 1 ? { kind: 'page' } : mistake('`page` stands alone: it draws what is recorded');
}
