/**
 * The long soak: calls over 4 process lanes, with a crash, a hang or a kill at random every few hundred.
 *
 *   node scripts/soak.mjs [CALLS] [SEED]        200,000 calls and seed 1 unless given
 *
 * Prints one summary; the exit code is 1 when a call did not end as it should, or anything was left.
 */
import { ensure } from './ensure.mjs';
import { fail, inRoot } from './tools.mjs';

const [calls = 200_000, seed = 1] = process.argv.slice(2).map(Number);
if (!Number.isSafeInteger(calls) || calls < 1 || !Number.isSafeInteger(seed)) {
  fail('node scripts/soak.mjs [CALLS] [SEED]: whole numbers, please.');
}
ensure(['dependencies', 'build', 'native']);

const { soak } = await import(inRoot('dist/test/faults/soak.js'));
const { loadLine, machineLine } = await import(inRoot('dist/benchmarks/harness/machine.js'));

const lanes = 4;
const every = 300;
const load = loadLine();
const { problems, ends, acts, killed, collateral, stats, ms, rejections } = await soak({
  calls,
  seed,
  engine: 'koffi',
  lanes,
  every,
});

const seconds = ms / 1000;
const number = (value) => value.toLocaleString('en', { maximumFractionDigits: 1 });
const at = (share) => rejections[Math.min(rejections.length - 1, Math.floor(rejections.length * share))] ?? 0;
const count = (counts) =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, times]) => `${name} ${number(times)}`)
    .join(', ');

process.stdout.write(`${machineLine()}
${load}

soak: ${number(calls)} calls over ${lanes} process lanes, a fault every ${every} on average, seed ${seed}
time             ${number(seconds)} s, ${number(calls / seconds)} calls/s
ended            ${count(ends)}
lanes            crashed ${number(stats.lanesCrashed)}, killed ${number(stats.lanesKilled)}, recycled ${number(stats.lanesRecycled)}
from outside     ${number(killed)} lanes killed, ${number(collateral)} calls failed for it
crash to error   p50 ${number(at(0.5))} ms, p99 ${number(at(0.99))} ms, of ${number(rejections.length)}
acts             ${count(acts)}
result           ${problems.length === 0 ? 'every call ended once and as it should; counters agree; nothing is left' : 'FAILED'}
${problems.map((problem) => `  ${problem}\n`).join('')}`);
process.exitCode = problems.length === 0 ? 0 : 1;
