/**
 * The tests that show each promise of docs/guarantees.md.
 *
 *   node scripts/guarantees.mjs             writes the lists of files under the promises
 *   node scripts/guarantees.mjs --check     fails, and says why, when a list is out of date, a test names a promise that
 *                                           is not on the page, a promise has no test, or a test names an issue
 *
 * A promise is a heading `### M27: …` or `### B2: …`. A test names it by its id, in a comment or in a title.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fail, filesBelow, inRoot, say } from './tools.mjs';

const PAGE = 'docs/guarantees.md';
const ID = /\b[MB]\d{1,2}\b/g;
/** Comments, and the titles of tests and suites (their first string, which may stand on a line of its own). */
const NAMING = /\/\*[^]*?\*\/|\/\/.*|\b(?:describe|it|on[A-Z]\w*)\(\s*(['"`])(?:(?!\1)[^])*\1/g;
const HEADING = /^### ([MB]\d{1,2}): /;
const LIST = /\n*<details>\n[^]*?<\/details>\n*/;

/** Ids of each file; and each place where an issue is named, since issues are not part of the project. */
function readTests() {
  const idsOf = new Map();
  const issues = [];
  for (const file of ['test', 'benchmarks'].flatMap((folder) =>
    filesBelow(folder, (name) => name.endsWith('.ts')),
  )) {
    const text = readFileSync(inRoot(file), 'utf8');
    const naming = (text.match(NAMING) ?? []).join('\n');
    idsOf.set(file, new Set(naming.match(ID)));
    if (/\bissues? #?\d/i.test(text)) issues.push(file);
  }
  return { idsOf, issues };
}

/** The page in pieces, each of which begins with a heading. */
const sections = (text) => text.split(/^(?=#)/m);

function listed(files) {
  const lines = files.map((file) => `- \`${file}\`\n`).join('');
  return `\n\n<details>\n<summary>Shown by</summary>\n\n${lines}\n</details>\n\n`;
}

const page = readFileSync(inRoot(PAGE), 'utf8');
const { idsOf, issues } = readTests();
const promised = sections(page).flatMap((section) => HEADING.exec(section)?.[1] ?? []);
const showing = (id) => [...idsOf].filter(([, ids]) => ids.has(id)).map(([file]) => file);

const written = sections(page)
  .map((section) => {
    const id = HEADING.exec(section)?.[1];
    return id === undefined ? section : section.replace(LIST, '\n\n').trimEnd() + listed(showing(id));
  })
  .join('')
  .replace(/\n+$/, '\n');

const problems = [
  ...promised.filter((id, index) => promised.indexOf(id) !== index).map((id) => `${PAGE} has ${id} twice.`),
  ...promised
    .filter((id) => showing(id).length === 0)
    .map((id) => `No test shows ${id}: name the id in the test that does, or remove the promise.`),
  ...[...idsOf].flatMap(([file, ids]) =>
    [...ids].filter((id) => !promised.includes(id)).map((id) => `${file} names ${id}, which ${PAGE} lacks.`),
  ),
  ...issues.map(
    (file) => `${file} names an issue by its number: name a promise of ${PAGE}, or the behaviour.`,
  ),
];

if (!process.argv.includes('--check')) writeFileSync(inRoot(PAGE), written);
else if (written !== page) problems.push(`The lists of ${PAGE} are out of date: run npm run guarantees.`);

if (problems.length > 0) fail(problems.join('\n'));
else say(`${promised.length} promises, each with its tests`);
