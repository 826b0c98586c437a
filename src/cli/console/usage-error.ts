/** Something on the command line, or in an input, cannot be right: the command ends with exit code 2. */
export class UsageError extends Error {}
