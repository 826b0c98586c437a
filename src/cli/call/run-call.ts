/** Runs `offthread call`. */
import { createPool, type SettledCall } from 'offthread';
import { EXIT, type ExitCode } from '../console/exit-codes.js';
import { exitCodeOf, failureText } from '../console/failure-text.js';
import { millisecondsOf, wholeNumber } from '../console/numbers.js';
import { duration, plural } from '../console/format.js';
import { Output } from '../console/output.js';
import { UsageError } from '../console/usage-error.js';
import { argumentOf, askedParameters } from '../target/argument-text.js';
import { cellsOf, outsOf } from '../target/outs.js';
import { laneOutput } from '../target/lane-output.js';
import { openTarget } from '../target/open-target.js';
import type { Target } from '../target/target-options.js';
import { jsonValue, partsOf, valueText } from '../target/value-text.js';
import { isHosted, reportEnd, runHosted } from './call-host.js';
import type { CallVerbOptions } from './call-command.js';

/** The values of one call; memory that the function fills is made anew for each. */
function valuesOf({ description, fills }: Target, texts: readonly string[]): () => unknown[] {
  const asked = askedParameters(description, fills);
  if (asked.length !== texts.length) {
    const names = asked.map(([index, { name }]) => (name === '' ? String(index) : name));
    throw new UsageError(
      `The function takes ${plural(asked.length, 'argument')}${names.length > 0 ? ` (${names.join(', ')})` : ''}, and got ${texts.length}.`,
    );
  }
  const given = new Map(
    asked.map(([index, parameter], at) => [index, argumentOf(parameter, index, texts[at] as string)]),
  );
  const order = description.parameters.flatMap(({ given: isGiven }, index) => (isGiven ? [index] : []));
  return () =>
    order.map((index) => {
      const length = fills.get(index);
      return length === undefined ? copyOf(given.get(index)) : Buffer.alloc(length);
    });
}

/** Bytes that native code may change belong to one call. */
function copyOf(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}

/** @returns the exit code. */
export async function runCall(
  target: Target,
  texts: readonly string[],
  options: CallVerbOptions,
): Promise<ExitCode> {
  const plan = {
    make: valuesOf(target, texts),
    timeout: millisecondsOf('--timeout', options.timeout),
    repeat: wholeNumber('--repeat', options.repeat, 1),
    lanes: wholeNumber('--lanes', options.lanes, 1),
  };
  if (options.isolation === 'process') return makeCalls(target, plan, options);
  if (!isHosted()) return runHosted(target.description.symbol);
  const code = await makeCalls(target, plan, options).catch((error: unknown) => {
    process.stderr.write(`offthread call: ${failureText(error)}\n`);
    return exitCodeOf(error);
  });
  reportEnd(code);
  return code;
}

/** The options of the calls, checked. */
interface CallPlan {
  /** Makes the values of one call. */
  readonly make: () => unknown[];
  /** ms; 0 is unlimited. */
  readonly timeout: number;
  readonly repeat: number;
  readonly lanes: number;
}

async function makeCalls(
  target: Target,
  { make, timeout, repeat, lanes }: CallPlan,
  options: CallVerbOptions,
): Promise<ExitCode> {
  const cells = cellsOf(target);
  const output = new Output();
  const pool = createPool({
    lanes,
    isolation: options.isolation,
    name: 'call',
    ...laneOutput(options.isolation, 'inherit'),
  });
  let code: ExitCode = EXIT.ok;
  try {
    const { fn } = await openTarget(pool, target);
    const running: Promise<void>[] = [];
    const one = async (): Promise<void> => {
      const values = make();
      const settled = await fn
        .with({ timeout })(...values)
        .settled();
      if (settled.status === 'succeeded') {
        const { value, outs } = partsOf(settled.value, cells);
        await output.write(report(value, outsOf(target, values, outs), settled, options));
        return;
      }
      process.stderr.write(`offthread call: ${failureText(settled.error)}\n`);
      code = Math.max(code, exitCodeOf(settled.error)) as ExitCode;
    };
    for (let index = 0; index < repeat && !output.closed; index += 1) {
      running.push(one());
      if (running.length >= 2 * lanes) await running.shift();
    }
    await Promise.all(running);
    await output.flush();
  } finally {
    await pool.destroy();
  }
  return code;
}

function report(
  value: unknown,
  outs: ReadonlyMap<string, unknown>,
  { queuedMs, ranMs }: SettledCall<unknown>,
  { json, timing: asked }: CallVerbOptions,
): string {
  if (json === true) {
    const named = Object.fromEntries([...outs].map(([name, out]) => [name, jsonValue(out)]));
    const times = { queuedMs, ranMs };
    return `${JSON.stringify({ value: jsonValue(value), outs: named, timing: times })}\n`;
  }
  const lines = value === undefined ? [] : [valueText(value)];
  for (const [name, out] of outs) lines.push(`${name} = ${valueText(out)}`);
  if (asked === true) lines.push(`ran ${duration(ranMs ?? 0)}`);
  return lines.map((line) => `${line}\n`).join('');
}
