/* Native code that reads a cancel flag and ticks progress, as an author would write it with offthread.h. */
#include "offtest.h"

#include "../offthread.h"

enum { PAUSE_US = 20 };

static uint64_t after_ms(int ms) { return ot_monotonic_ns() + (uint64_t)(ms < 0 ? 0 : ms) * 1000000; }

static int elapsed_ms(uint64_t since) { return (int)((ot_monotonic_ns() - since) / 1000000); }

int ot_spin_until_cancelled(const volatile int32_t *flag, int max_ms) {
  const uint64_t start = ot_monotonic_ns();
  const uint64_t end = after_ms(max_ms);
  while (!offthread_cancelled(flag)) {
    if (ot_monotonic_ns() >= end) return -1;
    ot_sleep_us(PAUSE_US);
  }
  return elapsed_ms(start);
}

int ot_spin_until_probe(int (*probe)(void), int max_ms) {
  const uint64_t start = ot_monotonic_ns();
  const uint64_t end = after_ms(max_ms);
  while (!probe()) {
    if (ot_monotonic_ns() >= end) return -1;
    ot_sleep_us(PAUSE_US);
  }
  return elapsed_ms(start);
}

int ot_spin_with_progress(const volatile int32_t *flag, volatile double *progress, int steps, int us_per_step) {
  offthread_progress(progress, 0, steps);
  for (int step = 0; step < steps; step++) {
    if (offthread_cancelled(flag)) return step;
    ot_sleep_us(us_per_step);
    offthread_progress(progress, step + 1, steps);
  }
  return steps;
}

uint64_t ot_await_cancel_ns(const volatile int32_t *flag, int max_ms) {
  const uint64_t end = after_ms(max_ms);
  for (;;) {
    if (offthread_cancelled(flag)) return ot_monotonic_ns();
    if (ot_monotonic_ns() >= end) return 0;
  }
}

int64_t ot_cancel_latency_ns(const volatile int32_t *flag, const volatile uint64_t *set_at_ns, int max_ms) {
  const uint64_t seen = ot_await_cancel_ns(flag, max_ms);
  return seen == 0 ? -1 : (int64_t)(seen - *set_at_ns);
}

int ot_slow_to_cancel(const volatile int32_t *flag, int ignore_ms) {
  ot_sleep_ms(ignore_ms);
  return offthread_cancelled(flag);
}
