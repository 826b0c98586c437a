/**
 * Bytes whose memory native code may be using: they stay referenced, and their memory is not used for anything else,
 * until everyone who holds them has released them.
 *
 *   shared memory, lent bytes    held by the row of each call
 *   transferred bytes            the same; the caller can take them back while nobody holds them, or has them freed then
 *   a copy for a call            held by the call and by its row, then its memory is used again
 */
export class HeldBytes {
  /** @internal */
  readonly bytes: Uint8Array;
  /** Whether native code of this process may work on these bytes themselves. @internal */
  readonly inPlace: boolean = true;
  readonly #length: number;
  readonly #released: (() => void) | null;
  #holds = 0;
  #original: HeldBytes | null = null;

  /** @param released called when the last holder has released the bytes. @internal */
  constructor(bytes: Uint8Array, released: (() => void) | null = null) {
    this.bytes = bytes;
    this.#length = bytes.byteLength;
    this.#released = released;
  }

  /** Whether the bytes are there, all of them, and may be passed to a call. @internal */
  get available(): boolean {
    return this.bytes.byteLength === this.#length;
  }

  /** Why the bytes are not available, and what to do. @internal */
  get absence(): string {
    return 'The memory of the lent bytes is no longer available: their ArrayBuffer was transferred or resized.';
  }

  /** Whether somebody holds the bytes. @internal */
  get held(): boolean {
    return this.#holds > 0;
  }

  /** @internal */
  hold(): this {
    this.#holds += 1;
    return this;
  }

  /** These bytes are a copy: the original is held as long as they are. @internal */
  holdOriginal(original: HeldBytes): this {
    this.#original = original.hold();
    return this;
  }

  /** @internal */
  release(): void {
    this.#holds -= 1;
    if (this.#holds > 0) return;
    this.#released?.();
    this.#original?.release();
  }

  /** A call that had these bytes as an argument has ended. Its row may still hold them. @internal */
  callEnded(): void {}

  /** Checks a private field: no other object passes, and no code of the value runs. @internal */
  static is(value: unknown): value is HeldBytes {
    return typeof value === 'object' && value !== null && #holds in value;
  }
}

/** A copy that belongs to one call. */
export class CopiedBytes extends HeldBytes {
  /** @internal */
  override callEnded(): void {
    this.release();
  }
}
