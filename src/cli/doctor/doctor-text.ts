/** The report of the doctor, for people. */
import { count, duration, pad, size } from '../console/format.js';
import type { Screen, Tone } from '../console/screen.js';
import type { Finding, Verdict } from './verdict.js';
import type { LibraryReport } from './library/library-report.js';
import type { Machine } from './machine-limits.js';
import type { ModuleReport } from './module/module-report.js';
import type { LoadTrial } from './probe/load-trial.js';
import type { DoctorReport } from './run-doctor.js';
import type { SelfTest } from './self-test.js';

const MARKS: Readonly<Record<Finding['weight'], readonly [mark: string, tone: Tone]>> = {
  fine: ['✓', 'good'],
  caution: ['!', 'strong'],
  bad: ['✗', 'bad'],
};

const LANES: Readonly<Record<Verdict['lanes'], string>> = {
  'threads-or-processes': 'Thread lanes or process lanes.',
  processes: "Process lanes: createPool({ isolation: 'process' }).",
  none: 'None: it cannot be used as it is.',
};

export function showReport(screen: Screen, { machine, selfTest, library, module }: DoctorReport): void {
  showMachine(screen, machine);
  showSelfTest(screen, selfTest);
  if (library !== undefined) showLibrary(screen, library);
  if (module !== undefined) showModule(screen, module);
}

function showLibrary(screen: Screen, { name, file, buildId, needed, loading, verdict }: LibraryReport): void {
  title(screen, name);
  fact(screen, 'file', file ?? 'none');
  if (buildId !== null) fact(screen, 'build id', buildId);
  if (needed.length > 0) fact(screen, 'needs', needed.map(({ name }) => name).join(', '));
  showVerdict(screen, loading, verdict);
}

function showModule(screen: Screen, { name, url, addOns, laterAddOn, loading, verdict }: ModuleReport): void {
  title(screen, name);
  fact(screen, 'module', url ?? 'none');
  for (const { file } of addOns) fact(screen, 'add-on', file ?? 'none');
  if (laterAddOn !== null) fact(screen, 'add-on', laterAddOn);
  showVerdict(screen, loading, verdict);
}

function showVerdict(screen: Screen, loading: LoadTrial | null, { findings, lanes }: Verdict): void {
  if (loading !== null && loading.ms !== null) fact(screen, 'loaded in', duration(loading.ms));
  for (const finding of findings) show(screen, finding);
  fact(screen, 'lanes', LANES[lanes]);
}

function showMachine(
  screen: Screen,
  { node, platform, cLibrary, cores, memory, sharedMemory, limits }: Machine,
): void {
  title(screen, 'This machine');
  fact(screen, 'Node.js', `${node}, ${platform}, ${cLibrary}`);
  const of = cores.present === cores.usable ? '' : ` of ${cores.present}`;
  fact(screen, 'processors', `${cores.usable}${of}${cores.model === '' ? '' : `, ${cores.model}`}`);
  fact(
    screen,
    'memory',
    size(memory.total) + (memory.limit === null ? '' : `, limited to ${size(memory.limit)}`),
  );
  if (sharedMemory !== null)
    fact(screen, 'shared memory', `${size(sharedMemory.total)}, ${size(sharedMemory.free)} free`);
  const limit = (value: number | null): string => (value === null ? 'unlimited' : count(value));
  fact(screen, 'limits', `${limit(limits.descriptors)} file descriptors, ${limit(limits.threads)} threads`);
}

function showSelfTest(screen: Screen, { engines, trials, crashSurvived }: SelfTest): void {
  title(screen, 'Self-test');
  for (const { name, version } of engines) {
    const label = pad(name, 8);
    if (version === null) {
      screen.line(`  ${screen.paint('dim', `- ${label} not installed`)}`);
      continue;
    }
    for (const { isolation, problem, firstMs, callUs } of trials.filter(({ engine }) => engine === name)) {
      const what = `${label} ${pad(version, 9)} ${pad(isolation, 7)}`;
      const text =
        problem === null
          ? `first answer after ${duration(firstMs)}, then ${callUs.toFixed(0)} µs a call`
          : problem;
      show(screen, { weight: problem === null ? 'fine' : 'bad', text: `${what}  ${text}` });
    }
  }
  if (crashSurvived !== null) {
    show(screen, {
      weight: crashSurvived ? 'fine' : 'bad',
      text: crashSurvived
        ? 'a crash in a process lane ended its call and nothing else'
        : 'a crash was not survived',
    });
  }
}

function title(screen: Screen, text: string): void {
  screen.line();
  screen.line(screen.paint('strong', text));
}

function fact(screen: Screen, name: string, text: string): void {
  screen.line(`  ${screen.paint('dim', pad(name, 14))} ${text}`);
}

/** A sentence, broken into lines that fit. */
function show(screen: Screen, { weight, text }: Finding): void {
  const [mark, tone] = MARKS[weight];
  const lines: string[] = [];
  for (const word of text.replaceAll('\n', ' ').split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > screen.width - 4) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  for (const [index, line] of lines.entries())
    screen.line(index === 0 ? `  ${screen.paint(tone, mark)} ${line}` : `    ${line}`);
}
