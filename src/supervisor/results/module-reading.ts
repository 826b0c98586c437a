/** Reads what a module's function has returned or thrown out of its row, its payload, and a message. */
import { Math } from '../../builtins.js';
import { ModuleError } from '../../errors.js';
import { type ThrownData, type ValueMessage } from '../../shared/messages/module-messages.js';
import { Disorder } from '../../shared/messages/disorder.js';
import { ERRNO_SHIFT, Outcome, RowDouble } from '../../shared/memory/layout.js';
import { LONGEST_FORM, MODULE_AREA, ModuleResult, ModuleWord } from '../../shared/memory/module-payload.js';
import { hasForm, messageValue } from '../../shared/values/message-value.js';
import { generationOf } from '../../shared/memory/states.js';
import { decodeValue } from '../../shared/values/value-decoder.js';
import { KeptValue } from '../../lanes/rows/kept-value.js';
import type { Job, JobLane } from '../job.js';
import type { ModuleReader, ReadMessage } from './settlement.js';
import { thrownLine, thrownValue } from '../../shared/messages/thrown-value.js';

const NO_BUFFERS: readonly ArrayBuffer[] = [];

function readResult(lane: JobLane, job: Job, outcome: number, read: ReadMessage): unknown {
  const { memory } = lane.ring;
  const { sequence } = job;
  switch (outcome >> ERRNO_SHIFT) {
    case ModuleResult.UNDEFINED:
      return undefined;
    case ModuleResult.NULL:
      return null;
    case ModuleResult.FALSE:
      return false;
    case ModuleResult.TRUE:
      return true;
    case ModuleResult.NUMBER:
      return memory.f64[memory.rowDouble(sequence) + RowDouble.RESULT];
    case ModuleResult.AREA: {
      const payload = lane.ring.payload(sequence);
      const bytes = memory.i32[payload / 4 + ModuleWord.BYTES] as number;
      if (bytes < 0 || bytes > LONGEST_FORM || (bytes & 7) !== 0)
        throw new Disorder('the length of a result');
      const from = payload + MODULE_AREA;
      return decodeValue(memory, from, from + bytes, NO_BUFFERS);
    }
    case ModuleResult.KEPT: {
      const id = memory.f64[memory.rowDouble(sequence) + RowDouble.RESULT] as number;
      lane.keepsValues = true;
      return new KeptValue(lane.name, memory, id, (one) => releaseIn(lane, one));
    }
    case ModuleResult.MESSAGE: {
      const message = read(lane, generationOf(job.id));
      if (message?.kind !== 'value') throw new Disorder('the result of a call');
      makeRoom(job, message.message);
      return messageValue(message.message);
    }
    default:
      throw new Disorder('the result of a call');
  }
}

/** Tells a lane that a value is no longer needed, unless it has ended. */
function releaseIn(lane: JobLane, id: number): void {
  if (lane.status === 'ended' || lane.status === 'lost') return;
  lane.ring.externalMemory.post({ kind: 'release', id }, []);
  lane.rouse();
}

/** A short result did not fit: there is room for the next one. */
function makeRoom({ fn }: Job, message: ValueMessage): void {
  if (fn.module === null || !hasForm(message) || message.attachments.length > 0) return;
  const { byteLength } = message.form;
  if (byteLength <= LONGEST_FORM) fn.module.resultBytes = Math.max(fn.module.resultBytes, byteLength);
}

/** @param returned whether the function has returned, so that only its result could not be sent. */
function moduleError({ fn, id }: Job, lane: string, thrown: ThrownData, returned: boolean): ModuleError {
  const cause = thrownValue(thrown);
  const line = thrownLine(thrown).replace(/\.$/, '');
  const context = { call: id, symbol: fn.name, lane, cause };
  return returned
    ? new ModuleError(
        `${fn.name} returned a value that cannot be sent: ${line}. Return values that structured cloning can copy: no functions, and no objects whose state is outside of JavaScript.`,
        { ...context, code: 'OFFTHREAD_MODULE_RESULT' },
      )
    : new ModuleError(`${fn.name} threw in lane ${lane}: ${line}.`, context);
}

function readFailure(lane: JobLane, job: Job, outcome: number, read: ReadMessage): ModuleError {
  const message = read(lane, generationOf(job.id));
  if (message?.kind !== 'thrown') throw new Disorder('the outcome of a call');
  return moduleError(job, lane.name, message.thrown, (outcome & Outcome.ANSWER_LOST) !== 0);
}

export const moduleRows: ModuleReader = { result: readResult, failure: readFailure };
