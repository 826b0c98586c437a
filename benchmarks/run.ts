/**
 * Answers the questions, each in a process of its own, and draws the page of
 * what is recorded.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { USAGE, asked } from './harness/command/command-line.js';
import { root } from './harness/paths.js';
import { QUESTIONS, compiledProgram } from './harness/command/question-list.js';

/** @returns whether it ended well. */
async function answer(name: string, flags: readonly string[]): Promise<boolean> {
  const child = spawn(process.execPath, [compiledProgram(name), ...flags], { stdio: 'inherit' });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (code !== 0) console.error(`${name} ended with ${signal ?? `exit code ${code}`}.`);
  return code === 0;
}

async function drawPage(): Promise<void> {
  // Loads the plotting library, which what only measures has no use for.
  const { pageFrom, writePage } = await import('./page/page-files.js');
  const page = pageFrom(root);
  writePage(root, page);
  for (const warning of page.warnings) console.error(`warning: ${warning}`);
  console.log(`drew docs/benchmarks.md and ${page.drawings.size} plots`);
}

const wish = asked(
  process.argv.slice(2),
  QUESTIONS.map(({ name }) => name),
);
switch (wish.kind) {
  case 'help':
    console.log(USAGE);
    console.log(
      `\nQuestions:\n${QUESTIONS.map(({ name, title }) => `  ${name.padEnd(15)} ${title}`).join('\n')}`,
    );
    break;
  case 'mistake':
    console.error(`npm run bench: ${wish.message}. For all of it: npm run bench -- --help`);
    process.exitCode = 2;
    break;
  case 'page':
    await drawPage();
    break;
  case 'run':
    for (const name of wish.names) {
      if (!(await answer(name, wish.flags))) process.exitCode = 1;
      console.log();
    }
    if (wish.record) await drawPage();
    break;
}
