/** Reads the value of a message. */
import { viewsOf } from '../memory/record.js';
import type { ValueMessage } from '../messages/module-messages.js';
import { decodeValue } from './value-decoder.js';

/** The value that a message carries. @throws Disorder if its form can't be true. */
export function messageValue(message: ValueMessage): unknown {
  if ('value' in message) return message.value;
  return decodeValue(viewsOf(message.form), 0, message.form.byteLength, message.attachments);
}
