/** Every question there is, in the order in which they are run and shown. */
import { fileURLToPath } from 'node:url';

export interface Question {
  readonly name: string;
  /** The folder of its program: `benchmarks/questions/TOPIC/NAME.bench.ts`. */
  readonly topic: Topic;
  readonly title: string;
  /** What is asked, in a sentence or two. */
  readonly asked: string;
}

export type Topic = 'calls' | 'callbacks' | 'load' | 'many-items' | 'processes' | 'resources';

export const QUESTIONS: readonly Question[] = [
  {
    name: 'small-calls',
    topic: 'calls',
    title: 'Many small calls',
    asked:
      'How many additions of two integers a second, every call with a promise of its own, on two lanes or workers?',
  },
  {
    name: 'round-trip',
    topic: 'calls',
    title: 'One call at a time',
    asked: 'How long until the promise of a lone call is settled, straight after the last one?',
  },
  {
    name: 'cold-calls',
    topic: 'calls',
    title: 'One call after a pause',
    asked:
      'How long until the promise of a lone call is settled, when nothing was called for 5 ms, 100 ms or a second?',
  },
  {
    name: 'dispatch-parts',
    topic: 'calls',
    title: 'What each part of dispatch buys',
    asked: 'How many times as many calls a second are there with each part of dispatch as without it?',
  },
  {
    name: 'short-strings',
    topic: 'calls',
    title: 'Short texts',
    asked: 'How many calls a second of a function that takes a C string of 12 to 28 characters?',
  },
  {
    name: 'buffers',
    topic: 'calls',
    title: 'Bytes',
    asked:
      'How many calls a second of a function that reads 4 KB, 64 KB, 1 MB or 8 MB that are copied, shared, transferred or lent?',
  },
  {
    name: 'map',
    topic: 'many-items',
    title: 'A million items',
    asked:
      'How many items a second, from an array into an array, beside two threads that each run a plain loop over half of them?',
  },
  {
    name: 'map-memory',
    topic: 'many-items',
    title: 'Ten million items from a generator',
    asked: 'Does memory stay level while they are run and their results read one by one?',
  },
  {
    name: 'map-columns',
    topic: 'many-items',
    title: 'Columns of ten million numbers',
    asked:
      'How many items a second, from typed arrays into a typed array, beside two threads that each run a plain loop over half of them?',
  },
  {
    name: 'blocking',
    topic: 'load',
    title: 'Calls that block',
    asked: "Do N lanes run N calls of 10 ms at a time, and does the host's event loop notice any of it?",
  },
  {
    name: 'mixed-calls',
    topic: 'load',
    title: 'Short calls beside long ones',
    asked: 'What do calls of 10 ms do to the 99th percentile of short ones on the same pool?',
  },
  {
    name: 'overload',
    topic: 'load',
    title: 'More calls than lanes can do',
    asked:
      'How many answers a second come within their deadline of 100 ms, when up to three times as many calls are made as lanes can do?',
  },
  {
    name: 'lane-growth',
    topic: 'load',
    title: 'More lanes',
    asked: 'How does the number of calls a second grow with the number of lanes, for calls that sleep?',
  },
  {
    name: 'start-up',
    topic: 'resources',
    title: 'Start-up',
    asked: 'How long from the import of a pool to its first answer?',
  },
  {
    name: 'idle-cpu',
    topic: 'resources',
    title: 'Doing nothing',
    asked: 'How much CPU does an open pool burn that has nothing to do?',
  },
  {
    name: 'queued-calls',
    topic: 'load',
    title: 'A million queued calls',
    asked:
      'What does a call that waits for a lane cost in memory, and are a million of them accepted, run and freed?',
  },
  {
    name: 'cancel-latency',
    topic: 'calls',
    title: 'Cancelling a call that runs',
    asked: 'How long from `cancel()` until native code sees its flag, and until the caller is told?',
  },
  {
    name: 'leak',
    topic: 'resources',
    title: 'A million calls',
    asked: 'Does anything stay behind of plain, failing, cancelled and timed calls, with texts and bytes?',
  },
  {
    name: 'streams',
    topic: 'callbacks',
    title: 'Streams of chunks',
    asked:
      'How many chunks a second that native code hands out through a callback reach the host, beside a worker that posts a message for each?',
  },
  {
    name: 'slow-consumer',
    topic: 'callbacks',
    title: 'A slow reader of a fast stream',
    asked:
      'Does memory stay flat when a reader takes one chunk a millisecond from a producer that could do far more?',
  },
  {
    name: 'host-functions',
    topic: 'callbacks',
    title: 'Native code calling the host',
    asked:
      'How long does a function on the host take to be called and answered, beside a bare message and its answer?',
  },
  {
    name: 'process-calls',
    topic: 'processes',
    title: 'Small calls to other processes',
    asked:
      'How many additions of two integers a second, and how long for one, on two process lanes or worker processes?',
  },
  {
    name: 'crash-latency',
    topic: 'processes',
    title: 'A call that crashes its process',
    asked: "How long until the caller is told, and how long until the lane's queue goes on?",
  },
  {
    name: 'kill-latency',
    topic: 'processes',
    title: 'A call that hangs and is killed',
    asked: "How long from `cancel()` until the caller is told, and until the lane's queue goes on?",
  },
  {
    name: 'lane-memory',
    topic: 'resources',
    title: 'Memory of a lane',
    asked: 'How much memory does one more lane or worker cost?',
  },
];

/** Its program, below `benchmarks`, without the extension. */
export function programOf({ topic, name }: Pick<Question, 'topic' | 'name'>): string {
  return `questions/${topic}/${name}.bench`;
}

/** The compiled program of a question. @throws RangeError where there is no such question. */
export function compiledProgram(name: string): string {
  const question = QUESTIONS.find((one) => one.name === name);
  if (question === undefined) throw new RangeError(`there is no question \`${name}\``);
  return fileURLToPath(new URL(`../../${programOf(question)}.js`, import.meta.url));
}
