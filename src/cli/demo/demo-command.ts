/** `offthread demo`. */
import { Command } from 'commander';

export function demoCommand(): Command {
  return new Command('demo')
    .summary('see what it is about, on your machine, in ten seconds')
    .description(
      "Compresses files with the system's zlib, on the main thread and in lanes, and shows what the event loop could do meanwhile. Then stops two native calls early, and judges a function that is not thread-safe.",
    )
    .action(async () => {
      const { runDemo } = await import('./run-demo.js');
      process.exitCode = await runDemo();
    });
}
