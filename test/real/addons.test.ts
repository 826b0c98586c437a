/**
 * B7, B13: packages with add-ons, loaded by `pool.module` in threads and in processes. Each runs in a program of its own,
 * which makes pools and ends them in five ways, twice each, with the package loaded and at work; the program lives.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { fast, slow } from '../helpers/fast-run.js';
import { packagesFolder, withPackage } from '../helpers/packages.js';

const PROGRAM = fileURLToPath(new URL('../fixtures/modules/package-rounds.js', import.meta.url));
const ROUNDS = fast ? 5 : 10;

async function survives(name: string, isolation: 'thread' | 'process'): Promise<void> {
  const near = join(packagesFolder, 'package.json');
  const child = spawn(process.execPath, [PROGRAM, name, isolation, `${ROUNDS}`, near], { stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, by) => resolve([status, by]));
  });
  expect({ code, signal }, stdout + stderr).to.deep.equal({ code: 0, signal: null });
  expect(stdout.trim().split('\n')).to.have.length(ROUNDS);
}

const packages = [
  'bcrypt',
  'argon2',
  'sharp',
  'tree-sitter',
  '@napi-rs/canvas',
  'lmdb',
  'zeromq',
  'better-sqlite3',
];

describe('packages with add-ons in lanes', function () {
  this.timeout(60_000);

  for (const name of packages) {
    // The end of a thread with sockets of zeromq that wait for a message aborts the process: docs/add-ons.md.
    if (name !== 'zeromq')
      withPackage(name, `${name} survives each end of its pools [thread]`, () => survives(name, 'thread'));
    withPackage(name, `${name} survives each end of its pools [process]`, () => survives(name, 'process'));
  }

  for (const name of ['node:crypto', 'node:zlib'])
    slow(`${name} does so, too`, () => survives(name, 'thread'));
});
