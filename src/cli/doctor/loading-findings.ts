/** What loading a library or a module does to the process, in words. */
import { plural } from '../console/format.js';
import type { LoadTrial } from './probe/load-trial.js';
import { type Finding, bad, caution, fine } from './verdict.js';

/** Whether what loading does concerns the whole process of a program. */
export function needsProcess(trial: LoadTrial | null): boolean {
  return trial !== null && (trial.outcome === 'fell' || trial.signals.length > 0 || trial.folderChanged);
}

export function loadingFindings(trial: LoadTrial): Finding[] {
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
        `The process that had loaded it did not end well (${reason}): something in it does not survive the end of the process. Take process lanes, which the pool ends.${printed(trial)}`,
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

function printed({ stdout, stderr }: LoadTrial): string {
  const text = `${stdout}${stderr}`.trim();
  if (text === '') return '';
  return ` It printed: ${text.length > 300 ? `${text.slice(0, 300)}…` : text}`;
}
