/** Writes a report as a page. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { StressReport } from '../stress/stress-report.js';
import { type PageAssets, reportPage } from './report-page.js';

/** The page's script and styles lie beside the command. */
export function pageAssets(folder: URL = new URL('.', import.meta.url)): PageAssets {
  return {
    script: readFileSync(new URL('report-page.js', folder), 'utf8'),
    style: readFileSync(new URL('report-page.css', folder), 'utf8'),
  };
}

/** Replaces the file in one step: a reader never sees half of a page. @throws the error of the system. */
export function writeReportPage(path: string, report: StressReport): void {
  const part = `${path}.part`;
  writeFileSync(part, reportPage(report, pageAssets()));
  renameSync(part, path);
}
