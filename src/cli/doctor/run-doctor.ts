/** Runs `offthread doctor`. */
import { EXIT, type ExitCode } from '../console/exit-codes.js';
import { Output } from '../console/output.js';
import { Screen } from '../console/screen.js';
import type { DoctorOptions } from './doctor-command.js';
import { showReport } from './doctor-text.js';
import { type LibraryReport, libraryReport } from './library-report.js';
import { type Machine, machine } from './machine-limits.js';
import { type SelfTest, selfTest } from './self-test.js';

/** All that the doctor has to say; what `--json` prints. */
export interface DoctorReport {
  readonly machine: Machine;
  readonly selfTest: SelfTest;
  readonly library?: LibraryReport;
}

/** @returns the exit code. */
export async function runDoctor(library: string | undefined, { json }: DoctorOptions): Promise<ExitCode> {
  const progress = new Screen(process.stderr);
  progress.move(progress.paint('dim', 'trying engines and lanes'));
  const tried = await selfTest();
  progress.still();
  const report: DoctorReport = {
    machine: machine(),
    selfTest: tried,
    ...(library !== undefined && { library: await libraryReport(library) }),
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

function exitCodeOf({ selfTest: { trials, crashSurvived }, library }: DoctorReport): ExitCode {
  if (library?.verdict.crashes === true) return EXIT.crashed;
  if (library?.verdict.lanes === 'none') return EXIT.usage;
  return trials.some(({ problem }) => problem !== null) || crashSurvived === false ? EXIT.failed : EXIT.ok;
}
