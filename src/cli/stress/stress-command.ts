/** `offthread stress`: what a native function does under load. */
import { Command, Option } from 'commander';
import { type TargetOptions, targetOf, withTarget } from '../target/target-options.js';

export interface StressVerbOptions extends TargetOptions {
  readonly arg: readonly string[];
  readonly inputs?: string;
  readonly seed?: string;
  readonly concurrency?: string;
  readonly rate?: string;
  readonly ramp?: string;
  readonly arrivals: 'even' | 'poisson';
  readonly maxInFlight: string;
  readonly duration?: string;
  readonly warmup?: string;
  readonly count?: string;
  readonly lanes?: string;
  readonly rounds: string;
  readonly isolation?: 'process' | 'thread';
  readonly timeout: string;
  readonly maxCrashes: string;
  readonly slo: readonly string[];
  readonly findLimit?: boolean;
  readonly baseline: boolean;
  readonly vs?: string;
  readonly save?: string;
  readonly compare?: string;
  readonly tolerance: string;
  readonly hlog?: string;
  readonly checkThreadSafety?: boolean;
  readonly checkLeaks?: boolean;
  readonly ignore: readonly string[];
  readonly compareWith?: string;
  readonly sequence?: string;
  readonly programs?: string;
  readonly html?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const EXAMPLES = `
Arguments, one for each parameter: a value as for 'offthread call', or a generator
  int:0..1000     whole numbers from 0 to 1000; int: alone is all that the type has
  float:-1..1     numbers
  text:1..20      random texts of such lengths; text:1..20:abc of these characters
  bytes:64..4096  random bytes of such lengths
  choice:1,2,4    one of these
  {"x": "int:0..9"}   a struct as JSON; the numbers in it may be drawn
  length:NAME     the length in bytes of the argument NAME
  fixed:TEXT      TEXT, for one that begins like a generator

Examples:
  How fast is it, with as many calls at once as its lanes take?
    offthread stress libz.so.1 'unsigned long crc32(unsigned long crc, const unsigned char *buf, unsigned len)' 0 bytes:4096 length:buf
  What does it do at 2,000 calls a second?
    offthread stress ./libmine.so 'int work(int n)' int:0..1000 --rate 2000 --slo 'p99<5ms'
  Which rate can it take?
    offthread stress ./libmine.so 'int work(int n)' 10 --find-limit --slo 'p99<5ms'
  How many lanes should I use?
    offthread stress ./libmine.so 'int work(int n)' 10 --lanes 1,2,4,8
  Is it safe to call from threads? Does it leak?
    offthread stress ./libmine.so 'int work(int n)' int:0..1000 --check-thread-safety --check-leaks
  Which input crashes it?
    offthread stress ./libmine.so 'int parse(const char *text)' text:0..20 --duration 30s --timeout 1s
  Is the new build faster?
    offthread stress ./old.so 'int work(int n)' 10 --vs ./new.so

Exit codes: 0 ok, 1 calls failed, 2 nothing was called, 3 an objective was missed,
5 the library crashed, 6 a verdict is bad, 130 interrupted.`;

const collect = (value: string, list: readonly string[]): readonly string[] => [...list, value];

function withLoad(command: Command): Command {
  return command
    .addOption(
      new Option('--arg <[name=]text>', 'an argument by name, or for the next parameter')
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--inputs <file>', 'arguments from a file: one JSON list or object a line, used over and over')
    .option('--seed <number>', 'of all that is random; every report has it')
    .option('--concurrency <calls>', 'calls in flight, always as many (default: 2 for each lane)')
    .option('--rate <calls>', 'calls a second on a schedule, whatever became of earlier ones')
    .option('--ramp <from..to>', 'the same, with a rate that changes evenly')
    .addOption(
      new Option('--arrivals <kind>', 'distances of scheduled calls')
        .choices(['even', 'poisson'])
        .default('even'),
    )
    .option('--max-in-flight <calls>', 'scheduled calls beyond so many are dropped and counted', '10000')
    .option('--duration <time>', 'how long to measure: 500ms, 10s, 2m (default: 10s)')
    .option('--warmup <time>', 'how long to run before (default: 1s)')
    .option('--count <calls>', 'measure so many calls, and end then')
    .option('--timeout <time>', 'how long one call may run; 0 for no limit', '30s')
    .option('--max-crashes <calls>', 'end the load after so many calls that crashed; 0 for no limit', '100')
    .option('--no-baseline', 'do not measure what the pool itself takes of a call');
}

function withQuestions(command: Command): Command {
  return command
    .option(
      '--lanes <count>',
      'how many calls run at once; several, as in 1,2,4,8, to find out how many to use',
    )
    .option('--rounds <count>', 'with several numbers of lanes, and --vs: how often each is measured', '10')
    .addOption(
      new Option(
        '--isolation <kind>',
        'what the library runs in; a crash ends only a process (default: process; thread for several numbers of lanes)',
      ).choices(['process', 'thread']),
    )
    .addOption(
      new Option('--slo <objective>', "what has to hold: 'p99<5ms', 'rate>1000', 'errors<1%'")
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--find-limit', 'raise the rate until an objective breaks')
    .option('--vs <lib>', 'measure another build of the library in turns, and compare results and speed')
    .option('--save <file>', 'save the report, for a later --compare')
    .option('--compare <file>', 'compare with a saved report')
    .option('--tolerance <percent>', 'with --compare: what may be slower', '5%')
    .option('--html <file>', 'write the report as a page, with plots')
    .option('--hlog <file>', 'write the times as a log of HdrHistogram');
}

function withChecks(command: Command): Command {
  return command
    .option('--check-thread-safety', 'compare calls on many threads at once with calls one after the other')
    .addOption(
      new Option(
        '--ignore <parameter>',
        'with --check-thread-safety: compare answers without it; return is the returned value',
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .option(
      '--compare-with <file>',
      'with --check-thread-safety: a module whose default export says whether two answers are the same',
    )
    .option(
      '--sequence <calls>',
      'with --check-thread-safety: so many calls, one behind the other, belong together and are made by one thread; their answers are compared with those that the same calls give alone',
    )
    .option('--check-leaks', 'measure whether memory in use grows with the calls')
    .option('--programs <folder>', 'write the C programs that show findings there');
}

export function stressCommand(): Command {
  const command = new Command('stress')
    .summary('find out what a function does under load: rates, lanes, thread safety, leaks, crashes')
    .description(
      'Calls a function of a shared library over and over, many calls at once, and reports rates and times; whether it is thread-safe, whether it leaks, and which input crashes it.',
    );
  const called = withTarget(command).argument('[args...]', 'a value or a generator for each parameter');
  return withChecks(withQuestions(withLoad(called)))
    .option('--json', 'print the report as JSON')
    .option('--quiet', 'no progress')
    .addHelpText('after', EXAMPLES)
    .action(async (library: string, prototype: string, args: string[], options: StressVerbOptions) => {
      const { runStress } = await import('./run-stress.js');
      process.exitCode = await runStress(targetOf(library, prototype, options), args, options);
    });
}
