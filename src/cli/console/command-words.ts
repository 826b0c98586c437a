/** The advice of errors is written for programs: the same for the command line. */

const WORDS: readonly (readonly [RegExp, string])[] = [
  // There are no other calls, or the summary says what became of them.
  [/ Other calls are not affected(?:, and the lane is replaced)?\./g, ''],
  [
    / A pointer is valid only in the lane that it came from: [^.]*\(pool\.session\)\./g,
    ' A pointer that another command has printed is not valid in this one.',
  ],
  [/ See `error\.(?:stderr|cause)`\./g, ''],
  [/raise `timeout` \(0 is unlimited\)/g, 'raise --timeout (0 is unlimited)'],
  [/Use engine 'auto', or \{ engine: '([\w-]+)' \} after/g, 'Leave --engine out, or use --engine $1 after'],
  [/\{ isolation: '(process|thread)' \}/g, '--isolation $1'],
  [/\{ engine: '([\w-]+)' \}/g, '--engine $1'],
  [/\{ lanes: (\d+) \}/g, '--lanes $1'],
  [
    / Its declaration has no way to stop the function: [^.]*\./g,
    ' Nothing in the prototype tells the function to stop.',
  ],
];

export function inCommandWords(message: string): string {
  return WORDS.reduce((text, [program, command]) => text.replaceAll(program, command), message);
}
