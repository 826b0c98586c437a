/** Sends a value the way that host and lanes do: encoded, its form copied into other memory, decoded. */
import { decodeValue, type ValueViews } from '../../../src/shared/values/value-decoder.js';
import { ValueEncoder } from '../../../src/shared/values/value-encoder.js';
import { viewsOf } from '../../../src/shared/memory/record.js';

export const AT = 24;

/** The memory that a form is in, at {@link AT}. */
export function memoryOf(encoder: ValueEncoder): ValueViews {
  const views = viewsOf(new ArrayBuffer(AT + encoder.bytes + 16));
  views.bytes.fill(0xee);
  encoder.copyTo(views.i32, AT);
  return views;
}

/** What arrives, with the buffers as a port moves them. */
export function received(encoder: ValueEncoder): unknown {
  const attachments = structuredClone(encoder.attachments, {
    transfer: encoder.transfers as ArrayBuffer[],
  });
  return decodeValue(memoryOf(encoder), AT, AT + encoder.bytes, attachments);
}

export function through(value: unknown, transfer: readonly object[] = [], shared = true): unknown {
  const encoder = new ValueEncoder(shared);
  encoder.encode(value, transfer);
  return encoder.cloned === null ? received(encoder) : structuredClone(encoder.cloned.value);
}
