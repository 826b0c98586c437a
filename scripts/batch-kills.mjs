/**
 * Kills `offthread batch` at random moments, host and lanes in turn, and resumes it, until it is done; then checks that
 * every item was done at least once, and that the output and the dead-letter file hold each exactly once.
 *
 *   node scripts/batch-kills.mjs [--kills 50] [--items 400000] [--seed N] [--unordered]
 *
 * Each second kill of the host is made worse: its last record in the journal is torn, and bytes are written behind what
 * was committed, as a loss of power may leave them.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inRoot } from './tools.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    items: { type: 'string', default: '400000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    unordered: { type: 'boolean', default: false },
  },
});
const KILLS = Number(values.kills);
const ITEMS = Number(values.items);
/** Items on which the function crashes. */
const poison = (index) => index % 30_011 === 29;
const valueOf = (index) => index * 3 + 1;

/** Notes each item that it has done; takes some 20 µs. */
const SOURCE = `
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
/* ns */ static long now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000L + t.tv_nsec; }
int work(int item) {
  static int done = -1;
  if (done < 0) done = open(getenv("WORK_DONE"), O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (item % 30011 == 29) abort();
  for (long end = now() + 20000; now() < end; ) ;
  if (write(done, &item, sizeof item) != sizeof item) abort();
  return item * 3 + 1;
}`;

// Mulberry32: a run can be repeated by its seed.
let state = Number(values.seed);
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

const folder = mkdtempSync(join(tmpdir(), 'offthread-kills-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const at = (name) => join(folder, name);
writeFileSync(at('work.c'), SOURCE);
execFileSync('cc', ['-O1', '-shared', '-fPIC', '-o', at('work.so'), at('work.c')]);
writeFileSync(at('in.ndjson'), Array.from({ length: ITEMS }, (_, index) => `${index}\n`).join(''));

const ARGS = [
  inRoot('dist/package/cli/offthread.js'),
  'batch',
  at('work.so'),
  'int work(int item)',
  '--in',
  at('in.ndjson'),
  '--out',
  at('out.ndjson'),
  '--dead-letter',
  at('failed.ndjson'),
  '--log',
  at('log.ndjson'),
  '--state',
  at('state'),
  '--commit-every',
  '50',
  '--retries',
  'crash=2,lost=2',
  '--retry-delay',
  '1',
  '--lanes',
  '2',
  '--quiet',
  ...(values.unordered ? ['--unordered'] : []),
];

function start() {
  const child = spawn(process.execPath, ARGS, {
    env: { ...process.env, WORK_DONE: at('done') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const ended = new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stderr }));
  });
  return { child, ended };
}

/** The lanes' processes. */
function lanesOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .filter((one) => one !== '')
      .map(Number);
  } catch {
    return [];
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const kills = { host: 0, lane: 0, torn: 0 };
const sizeOf = (path) => (existsSync(path) ? statSync(path).size : 0);

function tear() {
  const journal = readdirSync(at('state')).find((name) => name.startsWith('journal-'));
  const bytes = journal === undefined ? 0 : sizeOf(join(at('state'), journal));
  if (bytes === 0) return;
  // Into the last record, and never into the one before: those were synced long ago.
  const last =
    readFileSync(join(at('state'), journal), 'latin1')
      .trimEnd()
      .lastIndexOf('\n') + 1;
  truncateSync(join(at('state'), journal), last + Math.floor(random() * (bytes - last)));
  appendFileSync(at('out.ndjson'), '{"index":12,"val');
  kills.torn += 1;
}

/** ms of a start, about, and at most. */
const START_MS = 600;
const LONGEST_START_MS = 10_000;
let runs = 0;
let end;
for (;;) {
  const startedAt = performance.now();
  const { child, ended } = start();
  runs += 1;
  const run = { over: false };
  void ended.then(() => (run.over = true));
  const before = sizeOf(at('out.ndjson'));
  const works = () =>
    run.over || sizeOf(at('out.ndjson')) > before || performance.now() - startedAt > LONGEST_START_MS;
  while (kills.host + kills.lane < KILLS && !run.over) {
    // One in five comes at any moment of the start; the others while the run works.
    const early = random() < 0.2;
    if (!early) while (!works()) await sleep(5);
    await sleep(random() * (early ? START_MS : 150));
    if (run.over) break;
    if ((kills.host + kills.lane) % 2 === 0) {
      kills.host += 1;
      child.kill('SIGKILL');
      await ended;
      if (kills.host % 2 === 0) tear();
      break;
    }
    const lanes = lanesOf(child.pid);
    if (lanes.length === 0) continue;
    kills.lane += 1;
    try {
      process.kill(lanes[Math.floor(random() * lanes.length)], 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }
  end = await ended;
  if (end.signal === null) break;
}

const faults = [];
const fault = (text) => void (faults.length < 20 && faults.push(text));
const expected = Array.from({ length: ITEMS }, (_, index) => index).filter(poison).length;
if (end.code !== (expected > 0 ? 1 : 0))
  fault(`the last run ended with exit code ${end.code}: ${end.stderr}`);
if (kills.host + kills.lane < KILLS) fault(`only ${kills.host + kills.lane} kills: the input is too small`);

const lines = readFileSync(at('out.ndjson'), 'utf8').trimEnd().split('\n');
const seen = new Uint8Array(ITEMS);
let last = -1;
for (const line of lines) {
  const { index, value, error } = JSON.parse(line);
  seen[index] += 1;
  if (poison(index) ? error?.signal !== 'SIGABRT' : value !== valueOf(index))
    fault(`item ${index} has ${line}`);
  if (!values.unordered && index <= last) fault(`item ${index} comes after ${last}`);
  last = index;
}
for (let index = 0; index < ITEMS; index += 1)
  if (seen[index] !== 1) fault(`item ${index} is in the output ${seen[index]} times`);

const failed = readFileSync(at('failed.ndjson'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line).input);
if (failed.length !== expected || new Set(failed).size !== expected || !failed.every(poison))
  fault(`the dead-letter file has ${failed.join()}`);

const bytes = readFileSync(at('done'));
const done = new Uint32Array(ITEMS);
for (let offset = 0; offset + 4 <= bytes.length; offset += 4) done[bytes.readInt32LE(offset)] += 1;
let again = 0;
for (let index = 0; index < ITEMS; index += 1) {
  if (done[index] === 0 && !poison(index)) fault(`item ${index} was never done`);
  again += Math.max(0, done[index] - 1);
}

console.log(
  `${ITEMS} items, ${runs} runs, ${kills.host} kills of the host (${kills.torn} with torn files), ${kills.lane} of lanes, ` +
    `${again} calls repeated (${((again * 100) / ITEMS).toFixed(1)} %), seed ${values.seed}${values.unordered ? ', unordered' : ''}`,
);
for (const text of faults) console.log(`FAULT ${text}`);
process.exitCode = faults.length === 0 ? 0 : 1;
