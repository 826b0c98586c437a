/**
 * Values that the form itself does not hold, as V8 serializes them. Differs from `v8.serialize` in that a view arrives
 * over memory of its own, a Buffer as a Uint8Array, and that shared and transferred buffers are attachments.
 */
import { types } from 'node:util';
import type { Deserializer, Serializer } from 'node:v8';
import { builtinModule } from '../../builtins.js';
import { Disorder } from '../messages/disorder.js';
import { canView, viewOf, viewTypeOf } from './view-types.js';
import type { Attachment } from './value-form.js';

/** V8 cannot serialize the value; a port may be able to. */
export class Unserializable extends Error {}

/** Node.js cannot read it from a serialization. */
export class SharedMemory extends Unserializable {}

/** A view's bytes follow, or it is a view of an attachment. */
const Place = { HERE: 0, ATTACHED: 1 } as const;

/** What Node.js gives its serializers, and calls in them. */
interface Serializing extends Serializer {
  _writeHostObject(object: object): void;
  _getSharedArrayBufferId(buffer: SharedArrayBuffer): number;
  _getDataCloneError: (message: string) => Error;
  _setTreatArrayBufferViewsAsHostObjects(flag: boolean): void;
}
interface Deserializing extends Deserializer {
  _readHostObject(): object;
}

/**
 * @param attachments takes the buffers beside; those that are transferred are in it already.
 * @throws Unserializable where V8 cannot; what a getter throws.
 */
export function serialize(value: unknown, attachments: Attachment[]): Buffer {
  const serializer = new (builtinModule('node:v8').Serializer)() as Serializing;
  const attach = (buffer: Attachment): number => {
    const known = attachments.indexOf(buffer);
    return known >= 0 ? known : attachments.push(buffer) - 1;
  };
  // Called as a function.
  serializer._getDataCloneError = (message) => new Unserializable(message);
  serializer._getSharedArrayBufferId = () => {
    throw new SharedMemory();
  };
  serializer._writeHostObject = (object) => {
    if (!ArrayBuffer.isView(object)) throw new Unserializable('an object of Node.js');
    writeView(serializer, object, attachments, attach);
  };
  serializer._setTreatArrayBufferViewsAsHostObjects(true);
  for (const [id, buffer] of attachments.entries()) serializer.transferArrayBuffer(id, buffer as ArrayBuffer);
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

function writeView(
  serializer: Serializer,
  view: ArrayBufferView,
  attachments: readonly Attachment[],
  attach: (buffer: Attachment) => number,
): void {
  const { buffer, byteOffset, byteLength } = view;
  const type = viewTypeOf(view);
  if (type < 0 || isDetached(view))
    throw new Unserializable('An ArrayBuffer is detached and could not be cloned.');
  const attached = !types.isArrayBuffer(buffer) || attachments.includes(buffer);
  serializer.writeUint32(type);
  serializer.writeUint32(attached ? Place.ATTACHED : Place.HERE);
  serializer.writeDouble(byteLength);
  if (attached) {
    serializer.writeUint32(attach(buffer));
    serializer.writeDouble(byteOffset);
  } else serializer.writeRawBytes(new Uint8Array(buffer, byteOffset, byteLength));
}

/** Whether the memory of an empty view has been taken away. */
export function isDetached({ buffer, byteLength }: ArrayBufferView): boolean {
  if (byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** @throws Disorder whatever is wrong. */
export function deserialize(bytes: Uint8Array, attachments: readonly Attachment[]): unknown {
  try {
    const deserializer = new (builtinModule('node:v8').Deserializer)(bytes) as Deserializing;
    deserializer._readHostObject = () => readView(deserializer, attachments);
    for (const [id, buffer] of attachments.entries())
      deserializer.transferArrayBuffer(id, buffer as ArrayBuffer);
    deserializer.readHeader();
    return deserializer.readValue();
  } catch (error) {
    throw new Disorder('a serialized value', error);
  }
}

function readView(deserializer: Deserializer, attachments: readonly Attachment[]): ArrayBufferView {
  const type = deserializer.readUint32();
  const place = deserializer.readUint32();
  const length = deserializer.readDouble();
  let offset = 0;
  let buffer: Attachment | undefined;
  if (place === Place.ATTACHED) {
    buffer = attachments[deserializer.readUint32()];
    offset = deserializer.readDouble();
  } else buffer = new Uint8Array(deserializer.readRawBytes(length)).buffer;
  if (buffer === undefined || !canView(type, offset, length)) throw new Disorder('a view');
  return viewOf(type, buffer, offset, length);
}
