/* Native code that hangs, crashes, exits, leaks or prints. */
#include "offtest.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int ot_hang(void) {
  for (;;) pause(); /* a signal handler ends one pause, and the next begins */
}

int ot_crash_segv(void) {
  /* Through a volatile address, so that the compiler cannot see the fault and turn it into another. */
  volatile uintptr_t nowhere = 8;
  *(volatile int *)nowhere = 1;
  return 0;
}

int ot_crash_abort(void) { abort(); }

int ot_crash_signal(int number) {
  signal(number, SIG_DFL);
  return raise(number);
}

int ot_crash_segv_if(int value, int poison) { return value == poison ? ot_crash_segv() : value; }

int ot_exit(int code) { exit(code); }

int ot_exit_now(int code) { _exit(code); }

int ot_leak(int bytes) {
  /* Through a volatile pointer, or the compiler leaves out what nobody reads. */
  volatile char *lost = malloc((size_t)bytes);
  if (lost == NULL) return -1;
  for (int at = 0; at < bytes; at += 1024) lost[at] = 1;
  return 0;
}

int ot_eat_memory(int mb) {
  int got = 0;
  while (got < mb && ot_leak(1 << 20) == 0) got++;
  return got;
}

int ot_use_stack(int kb) {
  volatile char frame[1024];
  memset((char *)frame, kb & 127, sizeof frame);
  /* What is done with the frame afterwards keeps the recursion from becoming a loop. */
  return kb <= 1 ? frame[0] : ot_use_stack(kb - 1) + (frame[512] != (char)(kb & 127));
}

int ot_print(const char *text) {
  const int written = printf("%s\n", text);
  fflush(stdout);
  return written;
}
