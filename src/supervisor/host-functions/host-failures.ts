/** The errors of calls whose function on the host failed. */
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

/** It threw, or its promise was rejected. */
export function failedWith(invocation: Invocation, thrown: unknown): HostFunctionError {
  return new HostFunctionError(`${whose(invocation)} failed: ${thrownText(thrown)}`, {
    ...contextOf(invocation),
    cause: thrown,
  });
}

export function wrongResult(invocation: Invocation, value: unknown): HostFunctionError {
  const { returns } = invocation.param.callback;
  return new HostFunctionError(
    `${whose(invocation)} answered with ${show(value)}, which is no ${returns}. ` +
      'Its value has to be of the type that the callback declares as `return`, and in range.',
    { ...contextOf(invocation), code: 'OFFTHREAD_HOST_FUNCTION_RESULT' },
  );
}

export function wrongSync(invocation: Invocation): HostFunctionError {
  return new HostFunctionError(
    `${whose(invocation)} answered with a promise, and the callback is declared sync. ` +
      'Give a function that answers at once, or declare the callback without `sync`.',
    { ...contextOf(invocation), code: 'OFFTHREAD_HOST_FUNCTION_ASYNC' },
  );
}

/** Its time is over. */
export function lateHost(invocation: Invocation): CallTimeoutError {
  return new CallTimeoutError(
    `${whose(invocation)} did not settle within ${invocation.timeout} ms, so native code was let go on without its value. ` +
      'If it needs that long, raise `hostTimeout` (or the `timeout` of the callback; 0 is unlimited); if it hangs, look at what it awaits.',
    { ...contextOf(invocation), code: 'OFFTHREAD_HOST_FUNCTION_TIMEOUT' },
  );
}

/** Native code called with values that cannot be read. */
export function unreadable(job: Job, text: string): HostFunctionError {
  return new HostFunctionError(
    `${job.fn.name} called back with values that cannot be read: ${text}. ` +
      'Look at the declared signature of the callback, and at which argument has the length.',
    { call: job.id, symbol: job.fn.name, code: 'OFFTHREAD_CALLBACK_ARGUMENTS' },
  );
}
