/*
 * A job with a handle, and an interrupt that another thread sends to it.
 *
 * Freed jobs go to a quarantine instead of back to malloc, so that a late
 * interrupt is counted rather than undefined. Every job ever made stays
 * reachable there, a few words each.
 */
#include "offtest.h"

#include <stdlib.h>

enum { PAUSE_US = 50 };

struct ot_job {
  int freed;
  int interrupted;
  int running;
  ot_job *next; /* in the quarantine */
};

static ot_job *quarantine = NULL;
static int live = 0;
static int interrupts = 0;
static int bad_interrupts = 0;
static int bad_frees = 0;

static int get(const int *cell) { return __atomic_load_n(cell, __ATOMIC_ACQUIRE); }
static void set(int *cell, int value) { __atomic_store_n(cell, value, __ATOMIC_RELEASE); }
static void add(int *cell, int amount) { __atomic_add_fetch(cell, amount, __ATOMIC_ACQ_REL); }

int ot_job_new(ot_job **out) {
  *out = calloc(1, sizeof **out);
  if (*out == NULL) return -1;
  add(&live, 1);
  return 0;
}

/* An interrupt ends one run: whoever sees it takes it. */
int ot_job_run(ot_job *job, int max_ms) {
  if (job == NULL || get(&job->freed)) return -1;
  const uint64_t end = ot_monotonic_ns() + (uint64_t)(max_ms < 0 ? 0 : max_ms) * 1000000;
  int result = 0;
  add(&job->running, 1);
  for (;;) {
    if (__atomic_exchange_n(&job->interrupted, 0, __ATOMIC_ACQ_REL)) {
      result = 1;
      break;
    }
    if (ot_monotonic_ns() >= end) break;
    ot_sleep_us(PAUSE_US);
  }
  add(&job->running, -1);
  return result;
}

int ot_job_run_forgetful(ot_job *job, int max_ms) {
  if (job == NULL || get(&job->freed)) return -1;
  set(&job->interrupted, 0);
  return ot_job_run(job, max_ms);
}

void ot_job_interrupt(ot_job *job) {
  if (job == NULL || get(&job->freed)) {
    add(&bad_interrupts, 1);
    return;
  }
  add(&interrupts, 1);
  set(&job->interrupted, 1);
}

int ot_job_running(const ot_job *job) { return job == NULL ? 0 : get(&job->running); }

int ot_job_free(ot_job *job) {
  if (job == NULL) return 0;
  if (get(&job->running) != 0 || __atomic_exchange_n(&job->freed, 1, __ATOMIC_ACQ_REL)) {
    add(&bad_frees, 1);
    return -1;
  }
  job->next = __atomic_load_n(&quarantine, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(&quarantine, &job->next, job, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
  }
  add(&live, -1);
  return 0;
}

int ot_job_live(void) { return get(&live); }

int ot_job_interrupts(void) { return get(&interrupts); }

int ot_job_bad_interrupts(void) { return get(&bad_interrupts); }

int ot_job_bad_frees(void) { return get(&bad_frees); }

void ot_job_reset_counters(void) {
  set(&interrupts, 0);
  set(&bad_interrupts, 0);
  set(&bad_frees, 0);
}
