/**
 * The binary form of a JavaScript value, as it travels in the memory of a lane: cells of 8 bytes, each a tag and a
 * number, both Int32. What follows a cell, padded to 8 bytes:
 *
 *   int32                  the number is the value
 *   double, bigint64       8 bytes
 *   latin1, utf16          the characters; the number counts them
 *   bigint, negative       the hexadecimal digits of the absolute value
 *   array                  as many values
 *   object                 a key block (see {@link KeyBlock}), then as many values; *absent*: no such property
 *   buffer, view           as many bytes. The tag of a view has its type in bits 8 and up
 *   attached               nothing: the number is that of an attachment, an ArrayBuffer or SharedArrayBuffer
 *   attached view          offset and bytes, two doubles: a view of the attachment with that number
 *   serialized             a checksum in a cell, then as many bytes of V8's serialization: the whole value
 *   attached serialized    nothing: V8's serialization of the whole value is that attachment
 */
export const Tag = {
  UNDEFINED: 1,
  NULL: 2,
  FALSE: 3,
  TRUE: 4,
  INT32: 5,
  DOUBLE: 6,
  BIGINT64: 7,
  LATIN1: 8,
  UTF16: 9,
  BIGINT: 10,
  NEGATIVE: 11,
  ARRAY: 12,
  OBJECT: 13,
  ABSENT: 14,
  BUFFER: 15,
  VIEW: 16,
  ATTACHED: 17,
  ATTACHED_VIEW: 18,
  SERIALIZED: 19,
  ATTACHED_SERIALIZED: 20,
} as const;

/** The keys of an object: a hash of what follows and its number of bytes, two Int32; then the keys, as strings. */
export const KeyBlock = { HASH: 0, BYTES: 1, WORDS: 2 } as const;

/** What the form holds at most; V8 serializes values beyond that. */
export const Limits = {
  /** Bytes of the form. */
  FORM_BYTES: 65_536,
  /** Bytes of a buffer, view or serialization; larger ones are attachments. */
  INLINE_BYTES: 4096,
  /** Values, those in arrays and objects included. */
  VALUES: 512,
  /** Arrays, objects, buffers and views: each is compared with all before it. */
  OBJECTS: 128,
  DEPTH: 32,
  KEYS: 64,
  /** Bytes of a key block. */
  KEY_BYTES: 2048,
} as const;

export type Attachment = ArrayBuffer | SharedArrayBuffer;
