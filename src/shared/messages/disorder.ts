/**
 * The contents of a lane's memory are impossible: native code has overwritten it. The lane must not run another call,
 * and nothing in its memory is used.
 */
export class Disorder extends Error {
  /**
   * @param what the value that was found, as the subject of a sentence.
   * @param cause the error of reading it.
   */
  constructor(what: string, cause?: unknown) {
    super(`${what} has been overwritten`, { cause });
    this.name = 'Disorder';
  }
}
