/* Native code that calls back. */
#include "offtest.h"

#include <float.h>
#include <pthread.h>
#include <stdio.h>

int ot_call_callback(int (*callback)(int), int n) {
  int sum = 0;
  for (int i = 0; i < n; i++) sum = ot_add(sum, callback(i));
  return sum;
}

double ot_reduce_f64(double (*callback)(double, double), double start, int n) {
  double value = start;
  for (int i = 1; i <= n; i++) value = callback(value, i);
  return value;
}

void ot_notify(void (*callback)(int), int n) {
  for (int i = 0; i < n; i++) callback(i);
}

int ot_call_with_text(int (*callback)(const char *), const char *text) { return callback(text); }

#define OT_DEFINE_CALL(name, type)                                        \
  type ot_call_##name(type (*callback)(type), type value, type *answer) { \
    *answer = callback(value);                                            \
    return *answer;                                                       \
  }
OT_SCALARS(OT_DEFINE_CALL)

void *ot_call_pointer(void *(*callback)(void *), void *value, void **answer) {
  *answer = callback(value);
  return *answer;
}

int ot_call_with_all(int (*callback)(int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, uint64_t, float,
                                     double, bool, void *),
                     bool greatest) {
  if (greatest) {
    return callback(INT8_MAX, UINT8_MAX, INT16_MAX, UINT16_MAX, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX, FLT_MAX,
                    DBL_MAX, true, (void *)UINTPTR_MAX);
  }
  return callback(INT8_MIN, 0, INT16_MIN, 0, INT32_MIN, 0, INT64_MIN, 0, -FLT_MAX, -DBL_MAX, false, NULL);
}

int ot_call_with_pointers(int (*callback)(int, void **), int n) {
  void *pointers[16];
  if (n < 0 || n > 16) return -1;
  for (int i = 0; i < n; i++) pointers[i] = (void *)((uintptr_t)i * 0x1001);
  return callback(n, n == 0 ? NULL : pointers);
}

int ot_select(int (*row)(void *, int, char **, char **), void *context, int rows, int columns) {
  enum { MOST = 8, LENGTH = 32 };
  char texts[MOST][LENGTH];
  char headings[MOST][LENGTH];
  char *values[MOST];
  char *names[MOST];
  if (columns < 0 || columns > MOST) return 1;
  for (int column = 0; column < columns; column++) {
    snprintf(headings[column], LENGTH, "column %d", column);
    names[column] = headings[column];
  }
  for (int i = 0; i < rows; i++) {
    for (int column = 0; column < columns; column++) {
      snprintf(texts[column], LENGTH, "r%dc%d", i, column);
      values[column] = (i + column) % 5 == 4 ? NULL : texts[column];
    }
    if (row(context, columns, values, names) != 0) return 4;
  }
  return 0;
}

int ot_call_if(int (*callback)(int), int value) { return callback == NULL ? -1 : callback(value); }

int ot_ask(int (*callback)(int), int n, volatile int32_t *answers) {
  for (int i = 0; i < n; i++) __atomic_store_n(&answers[i], callback(i), __ATOMIC_RELEASE);
  return n;
}

int ot_interleave(int (*a)(int), int (*b)(int), int n) {
  int sum = 0;
  for (int i = 0; i < n; i++) {
    sum = ot_add(sum, a(i));
    sum = ot_add(sum, -b(i));
  }
  return sum;
}

void ot_notify_then_set(void (*callback)(int), int n, volatile int32_t *done) {
  ot_notify(callback, n);
  __atomic_store_n(done, 1, __ATOMIC_RELEASE);
}

int ot_call_then_wait(int (*callback)(int), volatile int32_t *entered, const volatile int32_t *release, int max_ms) {
  const int first = callback(0);
  ot_enter_and_wait(entered, release, max_ms);
  return ot_add(first, callback(1));
}

void *ot_callback_address(int (*callback)(int)) {
  callback(0);
  return (void *)(uintptr_t)callback;
}

int ot_call_until_probe(int (*callback)(int), int (*probe)(void), int most) {
  int calls = 0;
  while (calls < most && !probe()) callback(calls++);
  return calls;
}

int ot_ask_probe(int (*probe)(void), volatile int32_t *asked, int max_ms) {
  const uint64_t end = ot_monotonic_ns() + (uint64_t)(max_ms < 0 ? 0 : max_ms) * 1000000;
  for (int times = 1;; times++) {
    const int answer = probe();
    __atomic_add_fetch(asked, 1, __ATOMIC_ACQ_REL);
    if (answer != 0) return times;
    if (ot_monotonic_ns() >= end) return -1;
    ot_sleep_us(100);
  }
}

/* What a thread keeps from one call for the next. */
static __thread int (*kept_callback)(int) = NULL;
static __thread int (*kept_sink)(int, const uint8_t *, uint32_t) = NULL;
static __thread int (*kept_probe)(void) = NULL;

void ot_keep_callback(int (*callback)(int)) { kept_callback = callback; }

int ot_ask_kept(int n, volatile int32_t *answers) {
  return kept_callback == NULL ? -1 : ot_ask(kept_callback, n, answers);
}

void ot_keep_sink(int (*sink)(int, const uint8_t *, uint32_t)) { kept_sink = sink; }

int ot_pour(int chunks, int size) { return kept_sink == NULL ? -1 : ot_stream_chunks(kept_sink, chunks, size); }

void ot_keep_probe(int (*probe)(void)) { kept_probe = probe; }

int ot_ask_kept_probe(volatile int32_t *asked, int max_ms) {
  return kept_probe == NULL ? 0 : ot_ask_probe(kept_probe, asked, max_ms);
}

struct errand {
  int (*callback)(int);
  int value;
};

static void *run_errand(void *data) {
  struct errand *errand = data;
  errand->value = errand->callback(errand->value);
  return NULL;
}

int ot_call_from_thread(int (*callback)(int), int value) {
  struct errand errand = {callback, value};
  pthread_t thread;
  if (pthread_create(&thread, NULL, run_errand, &errand) != 0) return -1;
  pthread_join(thread, NULL);
  return errand.value;
}
