/** From what was read of a library, and from loading it once, to what follows for its user. */
import type { LibraryDescription } from 'offthread';
import { count, plural } from '../../console/format.js';
import type { LoadTrial } from '../probe/load-trial.js';
import { type Finding, type Verdict, bad, caution, fine } from '../verdict.js';
import { loadingFindings, needsProcess } from '../loading-findings.js';

/** Names of static data that are shown. */
const SHOWN = 4;

export function libraryVerdict(library: LibraryDescription, trial: LoadTrial | null): Verdict {
  const findings = [
    ...ofFile(library),
    ...(trial === null ? [] : loadingFindings(trial)),
    ...ofData(library),
  ];
  const outcome = trial?.outcome ?? 'loaded';
  const crashes = outcome === 'crashed' || outcome === 'exited' || outcome === 'hung';
  if (library.problem !== null || outcome === 'refused' || crashes) {
    return { lanes: 'none', crashes, findings: findings.filter(({ weight }) => weight !== 'fine') };
  }
  return { lanes: needsProcess(trial) ? 'processes' : 'threads-or-processes', crashes, findings };
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
