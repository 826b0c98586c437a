/** The errors of calls whose function on the host has failed. */
import { show, thrownText } from '../../options/checks.js';
import { CallTimeoutError, type ErrorContext, HostFunctionError } from '../../errors.js';
import type { Invocation } from './invocation.js';
import type { Job } from '../job.js';

function contextOf({ job, lane }: Invocation): ErrorContext {
  return { call: job?.id, symbol: job?.fn.name, lane: lane.name };
}

function whose({ job }: Invocation): string {
  return job === null
    ? 'A function that native code called outside of any call'
    : `A function that ${job.fn.name} called`;
}

/** The error when a function threw, or its promise was rejected. */
export function failedWith(invocation: Invocation, thrown: unknown): HostFunctionError {
  return new HostFunctionError(`${whose(invocation)} failed: ${thrownText(thrown)}`, {
    ...contextOf(invocation),
    cause: thrown,
  });
}

export function wrongResult(invocation: Invocation, value: unknown): HostFunctionError {
  const { returns } = invocation.param.callback;
  return new HostFunctionError(
    `${whose(invocation)} returned ${show(value)}, which is not a valid ${returns}. ` +
      'The value must have the type that the callback declares as `return`, and be in range.',
    { ...contextOf(invocation), code: 'OFFTHREAD_HOST_FUNCTION_RESULT' },
  );
}

export function wrongSync(invocation: Invocation): HostFunctionError {
  return new HostFunctionError(
    `${whose(invocation)} returned a promise, but the callback is declared sync. ` +
      'Pass a function that returns its value directly, or declare the callback without `sync`.',
    { ...contextOf(invocation), code: 'OFFTHREAD_HOST_FUNCTION_ASYNC' },
  );
}

/** The error when a function exceeds its timeout. */
export function lateHost(invocation: Invocation): CallTimeoutError {
  return new CallTimeoutError(
    `${whose(invocation)} did not settle within ${invocation.timeout} ms, so native code continued without its value. ` +
      'If the function needs that long, raise `hostTimeout` (or the `timeout` of the callback; 0 is unlimited); if it hangs, check what it awaits.',
    { ...contextOf(invocation), code: 'OFFTHREAD_HOST_FUNCTION_TIMEOUT' },
  );
}

/** The error when native code passes values to a callback that cannot be read. */
export function unreadable(job: Job, text: string): HostFunctionError {
  return new HostFunctionError(
    `${job.fn.name} called a callback with arguments that cannot be read: ${text}. ` +
      'Check the declared signature of the callback, and which argument has the length.',
    { call: job.id, symbol: job.fn.name, code: 'OFFTHREAD_CALLBACK_ARGUMENTS' },
  );
}
