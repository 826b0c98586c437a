/**
 * The payload of a call of a module's function.
 *
 *     0  WHERE   where the arguments are: a {@link ModuleArguments}
 *     4  BYTES   bytes of the area, which has the form of the arguments, and then that of the result
 *     8  a double: unread chunks at which the function is not asked for more; 0 without a stream
 *    16  the area
 *
 * The lane reads all arguments before it calls the function, so the result may take their place.
 */
import { NO_TEXT, type PayloadPlan } from './payload.js';

export const ModuleWord = { WHERE: 0, BYTES: 1 } as const;
/** Byte offset of the double with the stream's high-water mark. */
const HIGH_WATER_MARK = 8;
/** Byte offset of the area. */
export const MODULE_AREA = 16;

/** Where the arguments of a call are. */
export const ModuleArguments = {
  /** In the area. */
  HERE: 0,
  /** In a message for this row. */
  MESSAGE: 1,
} as const;

/** What a function has returned: in the row's outcome, from bit {@link ERRNO_SHIFT} up. */
export const ModuleResult = {
  UNDEFINED: 0,
  NULL: 1,
  FALSE: 2,
  TRUE: 3,
  /** In the row. */
  NUMBER: 4,
  /** In the payload's area. */
  AREA: 5,
  /** In a message. */
  MESSAGE: 6,
  /** It stays in the lane; the row has its number there. */
  KEPT: 7,
} as const;

/** Bytes from which a form goes in a message. */
export const LONGEST_FORM = 4_096;
/** Bytes of the area for results of a function of which nothing is known. */
export const FIRST_RESULT_BYTES = 112;

/** @param functions whether some arguments are functions. @param stream whether chunks are sent. */
export function planModule(functions: boolean, stream: boolean): PayloadPlan {
  return {
    ops: new Uint8Array(0),
    returnOp: -1,
    returnText: NO_TEXT,
    outTexts: [],
    lastError: NO_TEXT,
    leftOut: NO_TEXT,
    structs: [],
    returnStruct: NO_TEXT,
    fixedBytes: MODULE_AREA,
    stream: stream ? HIGH_WATER_MARK : NO_TEXT,
    hasData: true,
    hasTextLists: false,
    hasCallbacks: functions || stream,
  };
}
