/**
 * What a lane has left in memory that its host reads cannot be: its native code
 * has written where it must not. The lane is not to be trusted with another
 * call, and nothing that it left is used.
 */
export class Disorder extends Error {
  /**
   * @param what has been found, as the subject of a sentence.
   * @param cause what reading it has led to.
   */
  constructor(what: string, cause?: unknown) {
    super(`${what} has been overwritten`, { cause });
    this.name = 'Disorder';
  }
}
