/** A value that is moved, in part, to another thread. */
export class TransferredValue<T = unknown> {
  /** @internal */
  readonly value: T;
  /** @internal */
  readonly list: readonly object[];

  /** @internal */
  constructor(value: T, list: readonly object[]) {
    this.value = value;
    this.list = list;
  }
}
