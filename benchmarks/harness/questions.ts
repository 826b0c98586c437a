/** Every question there is, in the order in which they are run and shown. */

export interface Question {
  /** Its program: `benchmarks/NAME.ts`. */
  readonly name: string;
  readonly title: string;
  /** What is asked, in a sentence or two. */
  readonly asked: string;
}

export const QUESTIONS: readonly Question[] = [
  {
    name: 'small-calls',
    title: 'Many small calls',
    asked:
      'How many additions of two integers a second, every call with a promise of its own, on two lanes or workers?',
  },
  {
    name: 'round-trip',
    title: 'One call at a time',
    asked:
      'How long until the promise of a lone call is settled, straight after the last one and after a pause?',
  },
  {
    name: 'dispatch-parts',
    title: 'What each part of dispatch buys',
    asked: 'How many times as many calls a second are there with each part of dispatch as without it?',
  },
  {
    name: 'short-strings',
    title: 'Short texts',
    asked: 'How many calls a second of a function that takes a C string of 12 to 28 characters?',
  },
  {
    name: 'buffers',
    title: 'Bytes',
    asked:
      'How many calls a second of a function that reads 4 KB, or 1 MB, that are copied, shared or transferred?',
  },
  {
    name: 'map',
    title: 'A million items',
    asked:
      'How many items a second, from an array into an array, beside two threads that each run a plain loop over half of them?',
  },
  {
    name: 'map-memory',
    title: 'Ten million items from a generator',
    asked: 'Does memory stay level while they are run and their results read one by one?',
  },
  {
    name: 'map-columns',
    title: 'Columns of ten million numbers',
    asked:
      'How many items a second, from typed arrays into a typed array, beside two threads that each run a plain loop over half of them?',
  },
  {
    name: 'blocking',
    title: 'Calls that block',
    asked: "Do N lanes run N calls of 10 ms at a time, and does the host's event loop notice any of it?",
  },
  {
    name: 'mixed-calls',
    title: 'Short calls beside long ones',
    asked: 'What do calls of 10 ms do to the 99th percentile of short ones on the same pool?',
  },
  {
    name: 'overload',
    title: 'More calls than lanes can do',
    asked:
      'How many answers a second come within their deadline of 100 ms, when up to three times as many calls are made as lanes can do?',
  },
  {
    name: 'lane-growth',
    title: 'More lanes',
    asked: 'How does the number of calls a second grow with the number of lanes, for calls that sleep?',
  },
  {
    name: 'start-up',
    title: 'Start-up',
    asked: 'How long from the import of a pool to its first answer?',
  },
  {
    name: 'idle-cpu',
    title: 'Doing nothing',
    asked: 'How much CPU does an open pool burn that has nothing to do?',
  },
  {
    name: 'queued-calls',
    title: 'A million queued calls',
    asked:
      'What does a call that waits for a lane cost in memory, and are a million of them accepted, run and freed?',
  },
  {
    name: 'cancel-latency',
    title: 'Cancelling a call that runs',
    asked: 'How long from `cancel()` until native code sees its flag, and until the caller is told?',
  },
  {
    name: 'leak',
    title: 'A million calls',
    asked: 'Does anything stay behind of plain, failing, cancelled and timed calls, with texts and bytes?',
  },
  {
    name: 'streams',
    title: 'Streams of chunks',
    asked:
      'How many chunks a second that native code hands out through a callback reach the host, beside a worker that posts a message for each?',
  },
  {
    name: 'slow-consumer',
    title: 'A slow reader of a fast stream',
    asked:
      'Does memory stay flat when a reader takes one chunk a millisecond from a producer that could do far more?',
  },
  {
    name: 'host-functions',
    title: 'Native code calling the host',
    asked:
      'How long does a function on the host take to be called and answered, beside a bare message and its answer?',
  },
  {
    name: 'process-calls',
    title: 'Small calls to other processes',
    asked:
      'How many additions of two integers a second, and how long for one, on two process lanes or worker processes?',
  },
  {
    name: 'crash-latency',
    title: 'A call that crashes its process',
    asked: "How long until the caller is told, and how long until the lane's queue goes on?",
  },
  {
    name: 'kill-latency',
    title: 'A call that hangs and is killed',
    asked: "How long from `cancel()` until the caller is told, and until the lane's queue goes on?",
  },
  {
    name: 'lane-memory',
    title: 'Memory of a lane',
    asked: 'How much memory does one more lane or worker cost?',
  },
];
