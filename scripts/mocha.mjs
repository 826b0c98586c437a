/**
 * Runs the tests: all of them, or those that are named, by source or by output, as files or globs.
 *
 * Each folder of tests has a mocha of its own, and two of them run at a time, since most tests wait for processes and
 * timers. What a mocha prints is shown when it ends, so that the folders do not mix. The tests in ALONE run afterwards,
 * one file at a time.
 */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, relative, sep } from 'node:path';
import { ensurePackages } from './packages.mjs';
import { inRoot, root, runHere, say } from './tools.mjs';

const AT_ONCE = 2;

/** Tests that see what other processes do, and what they see. Each has a mocha of its own anyway. */
const ALONE = {
  'dist/test/faults/exits/leftovers.test.js': 'files in shared memory, of which there is one folder for all',
};

const MOCHA = inRoot('node_modules/mocha/bin/mocha.js');
/** It stands here and not in .mocharc.json, where mocha would add it to the tests that are named. */
const EVERYTHING = 'dist/test/**/*.test.js';

const toOutput = (arg) => arg.replace(/^(?:\.\/)?test\/(.*)\.ts$/, 'dist/test/$1.js');
const isFile = (arg) => arg.startsWith('dist/test/');

/** Whether the arguments say which tests are meant, by file or by title. */
export const namesTests = (args) =>
  args.some((arg) => isFile(toOutput(arg)) || /^(?:-[gf]|--f?grep)(?:=|$)/.test(arg));

/** Arguments of node for one mocha that runs all that is meant. */
export function mochaArguments(args) {
  const all = args.map(toOutput);
  return [MOCHA, ...all, ...(all.some(isFile) ? [] : [EVERYTHING])];
}

/** Files by folder, the folders with most files first, then the files that run alone. */
async function plan(patterns) {
  // In a fresh clone mocha is installed only after this file was loaded.
  const { lookupFiles } = await import('mocha/lib/cli/lookup-files.js');
  const found = patterns.flatMap((pattern) => lookupFiles(inRoot(pattern), ['js'], false));
  const files = [...new Set(found.map((file) => relative(root, file).split(sep).join('/')))].sort((a, b) =>
    a < b ? -1 : 1,
  );
  const together = files.filter((file) => !(file in ALONE));
  const folders = [...new Set(together.map(dirname))].map((folder) =>
    together.filter((file) => dirname(file) === folder),
  );
  return {
    folders: folders.sort((a, b) => b.length - a.length),
    alone: files.filter((file) => file in ALONE).map((file) => [file]),
  };
}

/**
 * Runs what is meant under a Node.js, prints it, and resolves to the exit code and the counts.
 *
 * @param fast Leaves out what `test/helpers/fast-run.ts` leaves out.
 */
export async function runTests(node, args, { fast = false } = {}) {
  const all = args.map(toOutput);
  const patterns = all.filter(isFile);
  const { folders, alone } = await plan(patterns.length > 0 ? patterns : [EVERYTHING]);
  if ([...folders, ...alone].flat().some(usesPackages)) ensurePackages();
  const flags = all.filter((arg) => !isFile(arg));
  if (process.stdout.isTTY) flags.push('--color');
  const env = fast ? { ...process.env, OFFTHREAD_TEST_FAST: '1' } : process.env;
  const isOnly = folders.length + alone.length === 1;

  const total = { code: 0, passing: 0, failing: 0, pending: 0 };
  const failed = [];
  const run = async (files) => {
    let output = '';
    const code = await runHere(node, [MOCHA, ...flags, ...files], {
      env,
      onOutput: (text) => {
        output += text;
        if (isOnly) process.stdout.write(text);
      },
    });
    if (!isOnly) process.stdout.write(output);
    for (const word of ['passing', 'failing', 'pending']) total[word] += count(output, word);
    total.code ||= code;
    if (code === 0) return;
    const name = files.length === 1 ? files[0] : `${dirname(files[0])}/*.test.js`;
    failed.push(`npm test -- '${name.replace(/^dist\/(.*)js$/, '$1ts')}' (${ending(code)})`);
  };
  const drain = async (queue) => {
    for (let files = queue.shift(); files !== undefined; files = queue.shift()) await run(files);
  };

  await Promise.all(Array.from({ length: AT_ONCE }, () => drain(folders)));
  await drain(alone);
  if (!isOnly) say(`${total.passing} tests passed, ${total.failing} failed, ${total.pending} pending`);
  for (const what of failed) say(`failed: ${what}`);
  return total;
}

/** Whether a test takes packages with add-ons: they are large, and installed only when they are needed. */
function usesPackages(file) {
  return readFileSync(inRoot(file), 'utf8').includes('/helpers/packages.js');
}

/** Mocha exits with the number of failed tests; a process that crashed says nothing else. */
function ending(code) {
  const signal = Object.entries(constants.signals).find(([, number]) => code === 128 + number)?.[0];
  return signal === undefined ? `exit code ${code}` : `the process that ran the tests was ended by ${signal}`;
}

/** From the lines that end what mocha prints, such as `  12 passing (3s)`. */
function count(output, word) {
  return Number(new RegExp(`^(?:\\x1b\\[[0-9;]*m|\\s)*(\\d+) ${word}`, 'm').exec(output)?.[1] ?? 0);
}
