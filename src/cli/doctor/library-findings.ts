/** From what was read of a library, and from loading it once, to what follows for its user. */
import type { LibraryDescription } from 'offthread';
import { count, plural } from '../console/format.js';
import type { LoadTrial } from './load-trial.js';

/** One sentence or two about the library. */
export interface Finding {
  /** `bad`: it cannot be used so; `caution`: something to decide or to check; `fine`. */
  readonly weight: 'fine' | 'caution' | 'bad';
  readonly text: string;
}

/** What a library may run in. */
export type LanesFor = 'threads-or-processes' | 'processes' | 'none';

export interface LibraryVerdict {
  readonly lanes: LanesFor;
  /** Whether loading it crashes, ends or freezes the process. */
  readonly crashes: boolean;
  readonly findings: readonly Finding[];
}

/** Names of static data that are shown. */
const SHOWN = 4;

export function libraryVerdict(library: LibraryDescription, trial: LoadTrial | null): LibraryVerdict {
  const findings = [...ofFile(library), ...(trial === null ? [] : ofLoading(trial)), ...ofData(library)];
  const outcome = trial?.outcome ?? 'loaded';
  const crashes = outcome === 'crashed' || outcome === 'exited' || outcome === 'hung';
  if (library.problem !== null || outcome === 'refused' || crashes) {
    return { lanes: 'none', crashes, findings: findings.filter(({ weight }) => weight !== 'fine') };
  }
  return { lanes: needsProcess(trial) ? 'processes' : 'threads-or-processes', crashes, findings };
}

function needsProcess(trial: LoadTrial | null): boolean {
  return trial !== null && (trial.outcome === 'fell' || trial.signals.length > 0 || trial.folderChanged);
}

function ofFile({ problem, needed, addOn }: LibraryDescription): Finding[] {
  const findings: Finding[] = [];
  if (problem !== null) findings.push(bad(problem));
  const missing = needed.filter(({ file }) => file === null).map(({ name }) => name);
  if (missing.length > 0) {
    findings.push(
      bad(
        `It needs ${missing.join(', ')}, which the loader does not find. Install what has it, or name its folder in LD_LIBRARY_PATH.`,
      ),
    );
  }
  if (addOn) {
    findings.push(
      caution(
        'It is an add-on of Node.js: a program loads it with require(). Its C functions can be called, if it exports any.',
      ),
    );
  }
  return findings;
}

function ofLoading(trial: LoadTrial): Finding[] {
  const { outcome, reason, threadsStarted, signals, descriptorsOpened, folderChanged, environmentChanged } =
    trial;
  switch (outcome) {
    case 'refused':
      return [bad(`The loader refuses it: ${reason}`)];
    case 'crashed':
      return [bad(`Loading it crashes the process (${reason}).${printed(trial)}`)];
    case 'exited':
      return [bad(`Loading it ends the process (${reason}).${printed(trial)}`)];
    case 'hung':
      return [bad(`Loading it does not come back: ${reason}.${printed(trial)}`)];
    case 'loaded':
    case 'fell':
  }
  const findings: Finding[] = [];
  if (outcome === 'fell') {
    findings.push(
      caution(
        `The process that had loaded it did not end well (${reason}): something in the library does not survive the end of the process. Take process lanes, which the pool ends.${printed(trial)}`,
      ),
    );
  }
  if (threadsStarted > 0) {
    findings.push(
      caution(`Loading it starts ${plural(threadsStarted, 'thread')}, in each process that loads it.`),
    );
  }
  if (signals.length > 0) {
    findings.push(
      caution(
        `Loading it changes how the process handles ${signals.join(', ')}. In thread lanes, that is the process of your program: take process lanes.`,
      ),
    );
  }
  if (folderChanged)
    findings.push(caution('Loading it changes the current folder of the process: take process lanes.'));
  if (environmentChanged)
    findings.push(caution('Loading it changes the environment variables of the process.'));
  if (descriptorsOpened > 0) {
    findings.push(
      caution(`Loading it opens ${plural(descriptorsOpened, 'file descriptor')} and keeps them.`),
    );
  }
  if (trial.stdout !== '' || trial.stderr !== '')
    findings.push(caution(`Loading it prints.${printed(trial)}`));
  if (findings.length === 0) {
    findings.push(
      fine(
        'Loading it starts no threads, prints nothing, and leaves signals, files and the environment alone.',
      ),
    );
  }
  return findings;
}

function ofData({ data, problem }: LibraryDescription): Finding[] {
  if (data === null || problem !== null) return [];
  const findings: Finding[] = [];
  const names = (threadLocal: boolean): string => {
    const objects = data.objects.filter((object) => object.threadLocal === threadLocal);
    if (objects.length === 0) return data.stripped ? ' (without names: the file is stripped)' : '';
    const list = objects.slice(0, SHOWN).map(({ name }) => name);
    return ` (${list.join(', ')}${objects.length > SHOWN ? ', …' : ''})`;
  };
  if (data.sharedBytes === 0) {
    findings.push(
      fine(
        'It has no static data that code could write to: threads cannot disturb each other in it, except through what they pass.',
      ),
    );
  } else {
    findings.push(
      caution(
        `Threads share ${count(data.sharedBytes)} bytes of its static data${names(false)}. Whether it guards them cannot be read from the file: ask its manual, or try 'offthread stress LIB PROTOTYPE --check-thread-safety'. In process lanes, each lane has its own.`,
      ),
    );
  }
  if (data.threadLocalBytes > 0) {
    findings.push(
      caution(
        `Each thread has ${count(data.threadLocalBytes)} bytes of its own${names(true)}: what one call leaves there, such as the last error, a call in another lane does not see.`,
      ),
    );
  }
  if (data.constructors > 0) {
    findings.push(
      fine(
        `${plural(data.constructors, 'function')} of it ${data.constructors === 1 ? 'runs' : 'run'} when it is loaded.`,
      ),
    );
  }
  return findings;
}

function printed({ stdout, stderr }: LoadTrial): string {
  const text = `${stdout}${stderr}`.trim();
  if (text === '') return '';
  return ` It printed: ${text.length > 300 ? `${text.slice(0, 300)}…` : text}`;
}

const bad = (text: string): Finding => ({ weight: 'bad', text });
const caution = (text: string): Finding => ({ weight: 'caution', text });
const fine = (text: string): Finding => ({ weight: 'fine', text });
