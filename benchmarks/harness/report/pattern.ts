/**
 * Names of targets, in which `*` stands for anything. They name the best peer,
 * and who that is may be another one in the next run.
 */
export function matches(pattern: string, what: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(what);
}
