/** Counts chunks of `ot_stream_chunks` and looks at each: every contestant does the same with a chunk. */
export class Tally {
  count = 0;
  bytes = 0;
  wrong = 0;

  /** The next chunk: its bytes are its number, modulo 256. */
  take(chunk: Uint8Array): void {
    if (chunk[0] !== (this.count & 255)) this.wrong += 1;
    this.count += 1;
    this.bytes += chunk.length;
  }

  /** @throws Error when a chunk is missing, too many, too short, or not in its place. */
  check(who: string, chunks: number, size: number, accepted: number): void {
    const { count, bytes, wrong } = this;
    if (count === chunks && bytes === chunks * size && wrong === 0 && accepted === chunks) return;
    throw new Error(
      `${who}: ${count} of ${chunks} chunks came, ${bytes} bytes, ${wrong} wrong; native code counts ${accepted}`,
    );
  }
}
