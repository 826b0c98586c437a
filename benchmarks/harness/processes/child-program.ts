/** A program of its own that reports one thing by message, and ends. */
import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * @param file compiled, that sends one message and ends when it is told to, by a message.
 * @returns that message. @throws (rejects) when the program ends before it.
 */
export async function ask<R>(
  file: URL,
  given: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly execArgv?: readonly string[] } = {},
): Promise<R> {
  const program = fork(file, [...given], {
    env: { ...process.env, ...options.env },
    execArgv: [...(options.execArgv ?? [])],
    serialization: 'advanced',
  });
  const ended = once(program, 'exit');
  const [answer] = (await Promise.race([
    once(program, 'message'),
    ended.then(([code]) => {
      throw new Error(`${file.pathname} ${given.join(' ')}: ended with ${String(code)}`);
    }),
  ])) as [R];
  program.send('end');
  await ended;
  return answer;
}
