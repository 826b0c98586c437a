/** Runs `offthread doctor`. */
import { EXIT, type ExitCode } from '../console/exit-codes.js';
import { Output } from '../console/output.js';
import { Screen } from '../console/screen.js';
import type { DoctorOptions } from './doctor-command.js';
import { showReport } from './doctor-text.js';
import { type LibraryReport, libraryReport } from './library/library-report.js';
import { type Machine, machine } from './machine-limits.js';
import { type ModuleReport, isModule, moduleReport } from './module/module-report.js';
import { type SelfTest, selfTest } from './self-test.js';

/** All that the doctor has to say; what `--json` prints. */
export interface DoctorReport {
  readonly machine: Machine;
  readonly selfTest: SelfTest;
  readonly library?: LibraryReport;
  readonly module?: ModuleReport;
}

/**
 * @param target - a library or a module; undefined for the machine alone.
 * @returns the exit code.
 */
export async function runDoctor(target: string | undefined, { json }: DoctorOptions): Promise<ExitCode> {
  const progress = new Screen(process.stderr);
  progress.move(progress.paint('dim', 'trying engines and lanes'));
  const tried = await selfTest();
  progress.still();
  const report: DoctorReport = {
    machine: machine(),
    selfTest: tried,
    ...(target !== undefined && (await reportOn(target))),
  };
  const output = new Output();
  if (json === true) {
    await output.write(`${JSON.stringify(report)}\n`);
    await output.flush();
  } else {
    showReport(new Screen(), report);
  }
  return exitCodeOf(report);
}

async function reportOn(target: string): Promise<Pick<DoctorReport, 'library' | 'module'>> {
  return isModule(target) ? { module: await moduleReport(target) } : { library: await libraryReport(target) };
}

function exitCodeOf({ selfTest: { trials, crashSurvived }, library, module }: DoctorReport): ExitCode {
  const verdict = (library ?? module)?.verdict;
  if (verdict?.crashes === true) return EXIT.crashed;
  if (verdict?.lanes === 'none') return EXIT.usage;
  return trials.some(({ problem }) => problem !== null) || crashSurvived === false ? EXIT.failed : EXIT.ok;
}
