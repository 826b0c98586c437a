/* Clocks, sleeping, and burning CPU. */
#include "offtest.h"

#include <errno.h>
#include <time.h>

static uint64_t read_clock(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t ot_monotonic_ns(void) { return read_clock(CLOCK_MONOTONIC); }

uint64_t ot_thread_cpu_ns(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

static void sleep_ns(int64_t ns) {
  if (ns <= 0) return;
  struct timespec left = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
  /* A signal for some other thread's sake does not shorten the sleep. */
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

int ot_sleep_ms(int ms) {
  sleep_ns((int64_t)ms * 1000000);
  return ms;
}

int ot_sleep_us(int us) {
  sleep_ns((int64_t)us * 1000);
  return us;
}

uint64_t ot_busy_us(uint32_t us) {
  const uint64_t end = ot_monotonic_ns() + (uint64_t)us * 1000;
  uint64_t turns = 0;
  do {
    turns++;
  } while (ot_monotonic_ns() < end);
  return turns;
}
