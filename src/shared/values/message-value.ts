/** The messages that carry values for which shared memory has no room. */
import { viewsOf } from '../memory/record.js';
import type { ValueMessage } from '../messages/module-messages.js';
import { decodeValue } from './value-decoder.js';
import type { ValueEncoder } from './value-encoder.js';

/** Whether a message carries a form. Asks for its own property: a module may have added some to all objects. */
export function hasForm(message: ValueMessage): message is Extract<ValueMessage, { form: ArrayBuffer }> {
  return Object.hasOwn(message, 'form');
}

/** Whether what was encoded fits into as many bytes of shared memory, with nothing beside it. */
export function fits({ cloned, attachments, transfers, bytes }: ValueEncoder, most: number): boolean {
  return cloned === null && attachments.length === 0 && transfers.length === 0 && bytes <= most;
}

/** The message that carries what was encoded. @param transfers receives what is transferred with it. */
export function messageOf(encoder: ValueEncoder, transfers: object[]): ValueMessage {
  transfers.push(...encoder.transfers);
  if (encoder.cloned !== null) return encoder.cloned;
  const form = encoder.toBuffer();
  transfers.push(form);
  return { form, attachments: [...encoder.attachments] };
}

/** The value that a message carries. @throws Disorder if its form can't be true. */
export function messageValue(message: ValueMessage): unknown {
  if (!hasForm(message)) return message.value;
  return decodeValue(viewsOf(message.form), 0, message.form.byteLength, message.attachments);
}
