/**
 * How often each verdict of `offthread stress` is right: runs it on every planted function of native/verdictlib, and on
 * functions of real libraries of which the manual says what they are, and records the count.
 *
 *   node scripts/verdicts.mjs [--runs N] [--duration TIME] [--seconds N] [--state FILE [--again]] [--record] [NAME…]
 *
 *   --runs N         how often each is run (50)
 *   --duration TIME  of every check; by default each function has its own
 *   --seconds N      begin no further run after so many
 *   --state FILE     add to the runs in this file: a line each, so that they can be made bit by bit
 *   --again          leave out the runs that the file has of these functions, and make them again
 *   --record         write the table to benchmarks/results/verdicts.txt
 *   NAME…            only functions whose name contains one of these
 *
 * A wrong verdict ("unsafe", "leaks", a crash) on a clean function is a false alarm: then the exit code is 1. A function
 * whose library is not installed is left out, and the table says so.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { filesBelow, fingerprint, inRoot, say } from './tools.mjs';

const suffix = process.platform === 'darwin' ? 'dylib' : 'so';
const PLANTED = inRoot(`build/native/libverdict.${suffix}`);
const SAFETY = ['--check-thread-safety'];
const LEAKS = ['--check-leaks'];
const NUMBERS = ['int:0..1000'];

/** @param duration of the check: more than others where the fault is rare. */
const safety = (is, prototype, given = NUMBERS, library = PLANTED, more = [], duration) => ({
  is,
  library,
  duration,
  prototype,
  args: [...given, ...SAFETY, ...more],
  of: ({ verdicts }) => verdicts.threadSafety?.verdict,
});
const leak = (is, prototype, given = NUMBERS, library = PLANTED, more = []) => ({
  is,
  library,
  prototype,
  args: [...given, ...LEAKS, ...more],
  of: ({ verdicts }) => verdicts.leak?.verdict,
});
/** What the smallest input has to be. */
const crash = (is, prototype, given, more = []) => ({
  is,
  library: PLANTED,
  prototype,
  args: [...given, '--no-baseline', '--warmup', '0ms', ...more],
  duration: null,
  of: ({ verdicts }) => (verdicts.crash === undefined ? 'none' : JSON.stringify(verdicts.crash.input)),
});

/** Three calls, one behind the other, belong together. */
const together = (is, prototype, inputs, library = PLANTED) =>
  safety(is, prototype, ['--inputs', inRoot(`native/verdictlib/${inputs}.ndjson`)], library, [
    '--sequence',
    '3',
  ]);

const UNSAFE = 'unsafe';
const SAFE = 'no-race-found';
const OTHER = 'not-comparable';

const cases = {
  'static buffer': safety(UNSAFE, 'const char *vl_static_text(int32_t n)'),
  'thread-local buffer': safety(SAFE, 'const char *vl_thread_text(int32_t n)'),
  'static buffer inside': safety(UNSAFE, 'void vl_static_scratch(uint32_t n, char *hex)', NUMBERS, PLANTED, [
    '--out-parameter',
    'hex=8',
  ]),
  'buffer on the stack': safety(SAFE, 'void vl_stack_scratch(uint32_t n, char *hex)', NUMBERS, PLANTED, [
    '--out-parameter',
    'hex=8',
  ]),
  'one-entry cache': safety(UNSAFE, 'int64_t vl_cached_square(int32_t n)'),
  'locked cache': safety(SAFE, 'int64_t vl_locked_square(int32_t n)'),
  'lost update': safety(UNSAFE, 'int32_t vl_ticket()', []),
  'atomic counter': safety(SAFE, 'int32_t vl_atomic_ticket()', []),
  'two locks in both orders': safety(UNSAFE, 'int32_t vl_transfer(int32_t amount)'),
  'two locks in one order': safety(SAFE, 'int32_t vl_ordered_transfer(int32_t amount)'),
  'crash when calls overlap': safety(UNSAFE, 'int32_t vl_no_overlap(int32_t n)'),
  'calls that may overlap': safety(SAFE, 'int32_t vl_overlap(int32_t n)'),
  'half a mutex': safety(UNSAFE, 'int32_t vl_half_mutex(int32_t n)'),
  'global mutex': safety(SAFE, 'int32_t vl_global_mutex(int32_t n)'),
  'table made by the first call': safety(
    UNSAFE,
    'uint32_t vl_lazy_table(uint8_t n)',
    ['int:0..255'],
    PLANTED,
    [],
    '10s',
  ),
  'table made once': safety(SAFE, 'uint32_t vl_once_table(uint8_t n)', ['int:0..255']),
  'words of one text': together(UNSAFE, 'const char *vl_word(char *text)', 'words'),
  'words of a text of each thread': together(SAFE, 'const char *vl_thread_word(char *text)', 'words'),
  'random numbers': safety(OTHER, 'uint32_t vl_random()', []),
  clock: safety(OTHER, 'int64_t vl_clock()', []),
  'count of each thread': safety(OTHER, 'int32_t vl_thread_count()', []),
  'leak of 48 bytes': leak('leaks', 'int32_t vl_leak(int32_t n)'),
  'leak in every tenth call': leak('leaks', 'int32_t vl_leak_tenth(int32_t n)'),
  'leak of a mapping': leak('leaks', 'int32_t vl_leak_mapping(int32_t n)'),
  'leak of a text': leak('leaks', 'char *vl_leak_text(int32_t n)'),
  'freed memory': leak('no-leak-found', 'int32_t vl_freed(int32_t n)'),
  'removed mapping': leak('no-leak-found', 'int32_t vl_unmapped(int32_t n)'),
  'bounded cache': leak('no-leak-found', 'int32_t vl_bounded_cache(int32_t n)'),
  'memory that malloc keeps': leak('no-leak-found', 'int32_t vl_kept(int32_t n)'),
  'released text': leak('no-leak-found', 'char *vl_leak_text(int32_t n)', NUMBERS, PLANTED, [
    '--owned',
    'free',
  ]),
  'crash on one input in 10,000': crash(
    '[4242]',
    'int32_t vl_crash_rarely(int32_t n)',
    ['int:0..1000000'],
    ['--count', '100000'],
  ),
  'no crash on it': crash(
    'none',
    'int32_t vl_crash_never(int32_t n)',
    ['int:0..1000000'],
    ['--count', '100000'],
  ),
  'crash on a shape of text': crash(
    '["{}"]',
    'int32_t vl_template(const char *text)',
    ['text:0..8:abcdefgh{}'],
    ['--count', '300'],
  ),
  'no crash on that shape': crash(
    'none',
    'int32_t vl_checked_template(const char *text)',
    ['text:0..8:abcdefgh{}'],
    ['--count', '300'],
  ),
  'hang on one input': crash(
    '[777]',
    'int32_t vl_hang_once(int32_t n)',
    ['int:0..1000'],
    ['--count', '5000', '--timeout', '1s'],
  ),
  'no hang on it': crash(
    'none',
    'int32_t vl_hang_never(int32_t n)',
    ['int:0..1000'],
    ['--count', '5000', '--timeout', '5s'],
  ),
  // What manuals say: see ATTRIBUTES of each page of the C library, and the FAQ of zlib.
  'libz crc32': safety(
    SAFE,
    'unsigned long crc32(unsigned long crc, const unsigned char *buf, unsigned len)',
    ['0', 'bytes:0..200', 'length:buf'],
    'libz.so.1',
  ),
  'libz compress': safety(
    SAFE,
    'int compress(unsigned char *to, unsigned long *room, const unsigned char *from, unsigned long length)',
    ['300', 'bytes:0..200', 'length:from'],
    'libz.so.1',
    ['--out-parameter', 'to=300', '--inout-parameter', 'room'],
  ),
  'libz compress, memory': leak(
    'no-leak-found',
    'int compress(unsigned char *to, unsigned long *room, const unsigned char *from, unsigned long length)',
    ['300', 'bytes:0..200', 'length:from'],
    'libz.so.1',
    ['--out-parameter', 'to=300', '--inout-parameter', 'room'],
  ),
  'libsqlite3 sqlite3_complete': safety(
    SAFE,
    'int sqlite3_complete(const char *sql)',
    ['text:0..40'],
    'libsqlite3.so.0',
  ),
  'libcrypto SHA256': safety(
    SAFE,
    'unsigned char *SHA256(const unsigned char *data, size_t count, unsigned char *md)',
    ['bytes:0..200', 'length:data'],
    'libcrypto.so.3',
    ['--out-parameter', 'md=32', '--ignore', 'return'],
  ),
  'libc strtok': together(UNSAFE, 'char *strtok(char *text, const char *delimiters)', 'strtok', 'libc.so.6'),
  // Only one thread may call it. The second one is answered at once, before the first is done: what that leaves undone
  // shows in other functions only, so it is not found.
  'libvips vips_init': safety(UNSAFE, 'int vips_init(const char *name)', ['test'], 'libvips.so.42'),
  'libc ctime': safety(
    UNSAFE,
    'char *ctime(const void *time)',
    ['choice:hex:0000000000000000,hex:ffffff0000000000,hex:00ff000000000000'],
    'libc.so.6',
  ),
  'libc l64a': safety(UNSAFE, 'char *l64a(long value)', ['int:0..1000000'], 'libc.so.6'),
  'libc drand48': safety(UNSAFE, 'double drand48()', [], 'libc.so.6'),
  'libc rand': safety(SAFE, 'int rand()', [], 'libc.so.6'),
  'libc strdup': leak('leaks', 'char *strdup(const char *text)', ['text:1..20'], 'libc.so.6'),
  'libc strdup, released': leak(
    'no-leak-found',
    'char *strdup(const char *text)',
    ['text:1..20'],
    'libc.so.6',
    ['--owned', 'free'],
  ),
};
/** ms after which a run is ended, and counts as an error. */
const RUN_MS = 180_000;
/** Of a check, for functions that do not say how long. */
const DURATION = '1s';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '50' },
    duration: { type: 'string' },
    seconds: { type: 'string', default: 'Infinity' },
    state: { type: 'string' },
    again: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});

const NOT_INSTALLED = 'not installed';

function durationOf({ duration = DURATION }) {
  return duration === null ? null : (values.duration ?? duration);
}

function run(one) {
  const { library, prototype, args, of } = one;
  const duration = durationOf(one);
  const all = [...args, ...(duration === null ? [] : ['--duration', duration]), '--json', '--quiet'];
  const command = inRoot('dist/package/cli/offthread.js');
  const child = spawn(process.execPath, [command, 'stress', library, prototype, ...all], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_MS,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  return new Promise((resolve) => {
    child.on('close', () => {
      try {
        const report = JSON.parse(stdout);
        const { threadSafety, leak } = report.verdicts;
        resolve({ verdict: of(report) ?? 'no verdict', reason: threadSafety?.reason ?? leak?.reason });
      } catch {
        const missing = library !== PLANTED && /Cannot find the library/.test(stderr);
        resolve({ verdict: missing ? NOT_INSTALLED : `error: ${stderr.trim().split('\n').at(-1)}` });
      }
    });
  });
}

/** What is judged: runs of other builds are told apart. */
const build = fingerprint(filesBelow('dist/package', (file) => /\.c?js$/.test(file))).slice(0, 12);

/** Runs so far, oldest first. */
function readRuns(file) {
  if (file === undefined || !existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** On a clean function, each of these would be an accusation. */
const isAlarm = (verdict) => verdict === UNSAFE || verdict === 'leaks' || verdict.startsWith('[');

const started = performance.now();
const chosen = Object.entries(cases).filter(
  ([name]) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
);
const names = new Set(chosen.map(([name]) => name));
let runs = readRuns(values.state);
if (values.again && values.state !== undefined) {
  runs = runs.filter(({ name }) => !names.has(name));
  writeFileSync(values.state, runs.map((one) => `${JSON.stringify(one)}\n`).join(''));
}
const runsOf = (name) => runs.filter((one) => one.name === name);
const isOver = () => performance.now() - started > Number(values.seconds) * 1_000;

for (let round = 1; round <= Number(values.runs) && !isOver(); round += 1) {
  for (const [name, one] of chosen) {
    const before = runsOf(name);
    if (before.length >= round || before.some(({ verdict }) => verdict === NOT_INSTALLED) || isOver())
      continue;
    const begun = performance.now();
    const { verdict, reason } = await run(one);
    const seconds = Number(((performance.now() - begun) / 1_000).toFixed(1));
    const [load] = loadavg();
    const wrong = verdict !== one.is;
    const made = { name, verdict, seconds, load, build, duration: durationOf(one), ...(wrong && { reason }) };
    runs.push(made);
    if (values.state !== undefined) appendFileSync(values.state, `${JSON.stringify(made)}\n`);
    if (wrong) say(`${name}: ${verdict}, not ${one.is} ${reason ?? ''}`);
  }
}

let alarms = 0;
const judged = runs.filter(({ name }) => names.has(name));
const lines = chosen.map(([name, { is }]) => {
  const all = runsOf(name);
  if (all.some(({ verdict }) => verdict === NOT_INSTALLED))
    return `${name.padEnd(34)}${is.padEnd(16)}not installed here`;
  const others = new Map();
  for (const { verdict } of all) if (verdict !== is) others.set(verdict, (others.get(verdict) ?? 0) + 1);
  if (!isAlarm(is)) for (const [verdict, count] of others) if (isAlarm(verdict)) alarms += count;
  const said = [...others].map(([verdict, count]) => `${count} × ${verdict}`).join(', ');
  const right = all.filter(({ verdict }) => verdict === is).length;
  const seconds = all.map((one) => one.seconds).sort((one, other) => one - other);
  const took = seconds.length === 0 ? '' : `${seconds[Math.floor(seconds.length / 2)].toFixed(1)} s`;
  const durations = [...new Set(all.map(({ duration }) => duration ?? '–'))].join(', ');
  const cells = [is.padEnd(16), `${right} of ${all.length}`.padEnd(12), durations.padEnd(10), took.padEnd(9)];
  return `${name.padEnd(34)}${cells.join('')}${said}`.trimEnd();
});
const loads = judged.map(({ load }) => load).sort((one, other) => one - other);
const load = (part) => (loads[Math.min(loads.length - 1, Math.floor(loads.length * part))] ?? 0).toFixed(1);
const builds = new Set(judged.map((one) => one.build)).size;
const right = judged.filter(({ name, verdict }) => verdict === cases[name].is).length;
const text = [
  'Verdicts of `offthread stress`: how often each was right.',
  '',
  `node scripts/verdicts.mjs, Node.js ${process.version}, ${availableParallelism()} cores (${cpus()[0]?.model})`,
  `Load of the machine during the runs: ${load(0)} to ${load(1)}, median ${load(0.5)}. Other programs ran beside them.`,
  `Runs were made with ${builds === 1 ? 'one build' : `${builds} builds`} of the package.`,
  '',
  `${'function'.padEnd(34)}${'is'.padEnd(16)}${'right'.padEnd(12)}${'duration'.padEnd(10)}${'took'.padEnd(9)}other verdicts`,
  ...lines,
  '',
  `Right: ${right} of ${judged.length}`,
  `False alarms on clean functions: ${alarms}`,
  '',
  'duration is the --duration of the check, which is 10 s unless it is given: longer checks see more. took is the median.',
  '',
].join('\n');
process.stdout.write(text);
if (values.record) writeFileSync(inRoot('benchmarks/results/verdicts.txt'), text);
process.exitCode = alarms === 0 ? 0 : 1;
