/** A C program that makes calls one after the other, the last of which crashes or hangs. */
import {
  type CalledFunction,
  KEEP_TEXT,
  callFunction,
  functionType,
  opening,
  outcomeType,
} from './c-call.js';
import type { GivenArguments } from '../direct/argument-memory.js';
import { inComment } from './c-literals.js';
import { type Program, compileCommand } from './compile-run.js';

/** s after which the program says that the calls hang. */
const HANG_S = 10;

export function crashProgram(
  called: CalledFunction,
  calls: readonly GivenArguments[],
  says: string,
): Program {
  const { symbol } = called.description;
  const name = `${symbol}-crash`;
  const functions = calls.map((given, at) => callFunction(called, `call_${at}`, given));
  const made = calls.map((_, at) => `  call_${at}(&outcome);`);
  return {
    name,
    source: `/*
 * ${inComment(says)}
 *
 *   ${compileCommand({ name }).join(' ')} && ./${name}
 */
#include <dlfcn.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

${functionType(called)}

${outcomeType(called, calls)}

${KEEP_TEXT}

${opening(called)}

${functions.join('\n\n')}

static void hang(int signal) {
  (void)signal;
  static const char text[] = "hang: the calls have not returned for ${HANG_S} s\\n";
  if (write(1, text, sizeof text - 1) < 0) _exit(3);
  _exit(3);
}

int main(void) {
  static struct outcome outcome;
  open_library();
  signal(SIGALRM, hang);
  alarm(${HANG_S});
${made.join('\n')}
  puts("the calls returned");
  return 0;
}
`,
  };
}
