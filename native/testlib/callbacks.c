/* Native code that calls back. */
#include "offtest.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

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

int ot_stream_slowly(int (*callback)(int, const uint8_t *, uint32_t), int chunks, int size, int us_each) {
  const uint32_t length = size < 0 ? 0 : (uint32_t)size;
  uint8_t *bytes = malloc(length == 0 ? 1 : length);
  int index = 0;
  if (bytes == NULL) return -1;
  for (; index < chunks; index++) {
    ot_sleep_us(us_each);
    memset(bytes, index & 255, length);
    if (callback(index, bytes, length) != 0) break;
  }
  free(bytes);
  return index;
}

int ot_stream_chunks(int (*callback)(int, const uint8_t *, uint32_t), int chunks, int size) {
  return ot_stream_slowly(callback, chunks, size, 0);
}
