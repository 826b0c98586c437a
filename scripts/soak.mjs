/**
 * The long soak: calls over 4 lanes, with a crash, a hang or a kill at random every few hundred, libraries opened late,
 * calls that block the host and buffers of up to 60 MB. First over process lanes, then over thread lanes (without
 * crashes, which threads do not survive).
 *
 *   node scripts/soak.mjs [--calls N | --minutes N] [--seed N]     200,000 calls for each kind of lane, seed 1
 *
 * Prints a summary for each; the exit code is 1 when a call did not end as it should, when no call ended for more than
 * a second, or when anything was left.
 */
import { parseArgs } from 'node:util';
import { ensure } from './ensure.mjs';
import { fail, inRoot } from './tools.mjs';

const options = {
  calls: { type: 'string', default: '200000' },
  minutes: { type: 'string' },
  seed: { type: 'string', default: '1' },
};
const { values } = parseArgs({ options });
const seed = Number(values.seed);
const minutes = Number(values.minutes ?? 0);
const calls = values.minutes === undefined ? Number(values.calls) : Infinity;
if (!(calls >= 1) || !(minutes >= 0) || !Number.isSafeInteger(seed)) {
  fail('node scripts/soak.mjs [--calls N | --minutes N] [--seed N], with whole numbers');
}
ensure(['dependencies', 'build', 'native']);

const { soak } = await import(inRoot('dist/test/faults/soak/soak.js'));
const { loadLine, machineLine } = await import(inRoot('dist/benchmarks/harness/report/machine.js'));

const lanes = 4;
const every = 300;
const longestStall = 1_000;

const number = (value) => value.toLocaleString('en', { maximumFractionDigits: 1 });
const count = (counts) =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, times]) => `${name} ${number(times)}`)
    .join(', ');

function summary(isolation, report) {
  const { ends, acts, killed, collateral, stats, ms, rejections, opened, stall, blockedMs, residentBytes } =
    report;
  const problems = [...report.problems];
  if (stall.ms > longestStall) {
    problems.push(`no call ended for ${number(stall.ms)} ms, until a call of '${stall.until}' ended`);
  }
  const seconds = ms / 1000;
  const at = (share) =>
    rejections[Math.min(rejections.length - 1, Math.floor(rejections.length * share))] ?? 0;
  const good = `every call ended once and as expected; no stall above ${longestStall} ms; counters agree; no resources are left`;
  process.stdout.write(`
soak: ${number(report.calls)} calls over ${lanes} ${isolation} lanes, a fault every ${every} on average, seed ${seed}
time             ${number(seconds)} s, ${number(report.calls / seconds)} calls/s
ended            ${count(ends)}
lanes            crashed ${number(stats.lanesCrashed)}, killed ${number(stats.lanesKilled)}, recycled ${number(stats.lanesRecycled)}
from outside     ${number(killed)} lanes killed, ${number(collateral)} calls failed because of that
opened late      ${number(opened)} libraries
longest stall    ${number(stall.ms)} ms without the end of a call, until a call of '${stall.until}' ended${stall.meanwhile.map((news) => `\n                 ${news}`).join('')}
longest blocked  ${number(blockedMs)} ms in one blocking call, with the wait for a lane
resident size    ${number(residentBytes / 1e6)} MB at most, of the host
crash to error   p50 ${number(at(0.5))} ms, p99 ${number(at(0.99))} ms, of ${number(rejections.length)}
acts             ${count(acts)}
result           ${problems.length === 0 ? good : 'FAILED'}
${problems.map((problem) => `  ${problem}\n`).join('')}`);
  return problems.length === 0;
}

process.stdout.write(`${machineLine()}\n${loadLine()}\n`);
let good = true;
for (const isolation of ['process', 'thread']) {
  const duration = minutes === 0 ? Infinity : (minutes * 60_000) / 2;
  const report = await soak({ calls, duration, seed, engine: 'koffi', isolation, lanes, every });
  good = summary(isolation, report) && good;
}
process.exitCode = good ? 0 : 1;
