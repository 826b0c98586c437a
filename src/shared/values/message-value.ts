/** Reads the value of a message. */
import { viewsOf } from '../memory/record.js';
import type { ValueMessage } from '../messages/module-messages.js';
import { decodeValue } from './value-decoder.js';

/** Whether a message carries a form. Asks for its own property: a module may have added some to all objects. */
export function hasForm(message: ValueMessage): message is Extract<ValueMessage, { form: ArrayBuffer }> {
  return Object.hasOwn(message, 'form');
}

/** The value that a message carries. @throws Disorder if its form can't be true. */
export function messageValue(message: ValueMessage): unknown {
  if (!hasForm(message)) return message.value;
  return decodeValue(viewsOf(message.form), 0, message.form.byteLength, message.attachments);
}
