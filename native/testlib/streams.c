/* Native code that delivers chunks through a callback. */
#include "offtest.h"

#include "../offthread.h"

#include <stdlib.h>
#include <string.h>

/* One producer for all: every member but the first three may be 0 or NULL. */
struct producer {
  int (*sink)(int, const uint8_t *, uint32_t);
  int chunks;
  uint32_t size;
  const uint32_t *sizes;        /* of each chunk, instead of `size` */
  int us_each;                  /* a pause before each */
  volatile int32_t *begun;      /* how many the sink has been called with */
  const volatile int32_t *flag; /* stops it, and nothing else does */
  bool deaf;                    /* nothing stops it */
  int refused;                  /* how often the sink answered other than 0 */
};

/* From chunk `first` on; the index of the one that was not accepted, or `chunks`. */
static int produce(struct producer *p, int first) {
  uint32_t most = p->size;
  for (int i = 0; p->sizes != NULL && i < p->chunks; i++) {
    if (p->sizes[i] > most) most = p->sizes[i];
  }
  uint8_t *bytes = malloc(most == 0 ? 1 : most);
  int index = first;
  if (bytes == NULL) return -1;
  for (; index < p->chunks; index++) {
    const uint32_t length = p->sizes == NULL ? p->size : p->sizes[index];
    ot_sleep_us(p->us_each);
    if (p->flag != NULL && offthread_cancelled(p->flag)) break;
    memset(bytes, index & 255, length);
    if (p->begun != NULL) __atomic_store_n(p->begun, index + 1, __ATOMIC_RELEASE);
    if (p->sink(index, bytes, length) == 0) continue;
    p->refused++;
    if (p->flag == NULL && !p->deaf) break;
  }
  free(bytes);
  return index;
}

static uint32_t bytes_of(int size) { return size < 0 ? 0 : (uint32_t)size; }

int ot_stream_slowly(int (*callback)(int, const uint8_t *, uint32_t), int chunks, int size, int us_each) {
  struct producer p = {.sink = callback, .chunks = chunks, .size = bytes_of(size), .us_each = us_each};
  return produce(&p, 0);
}

int ot_stream_chunks(int (*callback)(int, const uint8_t *, uint32_t), int chunks, int size) {
  return ot_stream_slowly(callback, chunks, size, 0);
}

int ot_stream_sizes(int (*sink)(int, const uint8_t *, uint32_t), const uint32_t *sizes, int chunks) {
  struct producer p = {.sink = sink, .chunks = chunks, .sizes = sizes};
  return produce(&p, 0);
}

int ot_stream_tracked(int (*sink)(int, const uint8_t *, uint32_t), int chunks, int size, volatile int32_t *begun) {
  struct producer p = {.sink = sink, .chunks = chunks, .size = bytes_of(size), .begun = begun};
  return produce(&p, 0);
}

int ot_stream_until_cancelled(int (*sink)(int, const uint8_t *, uint32_t), int chunks, int size, int us_each,
                              const volatile int32_t *flag) {
  struct producer p = {.sink = sink, .chunks = chunks, .size = bytes_of(size), .us_each = us_each, .flag = flag};
  return produce(&p, 0);
}

int ot_stream_deaf(int (*sink)(int, const uint8_t *, uint32_t), int chunks, int size, volatile int32_t *refused) {
  struct producer p = {.sink = sink, .chunks = chunks, .size = bytes_of(size), .deaf = true};
  const int sent = produce(&p, 0);
  __atomic_store_n(refused, p.refused, __ATOMIC_RELEASE);
  return sent;
}

int ot_stream_then_fail(int (*sink)(int, const uint8_t *, uint32_t), int chunks, int size, int code) {
  struct producer p = {.sink = sink, .chunks = chunks, .size = bytes_of(size)};
  produce(&p, 0);
  return ot_fail(code);
}

int ot_stream_gated(int (*sink)(int, const uint8_t *, uint32_t), int chunks, int size, volatile int32_t *entered,
                    const volatile int32_t *release, int max_ms) {
  struct producer p = {.sink = sink, .chunks = chunks / 2, .size = bytes_of(size)};
  const int half = produce(&p, 0);
  ot_enter_and_wait(entered, release, max_ms);
  if (half < p.chunks) return half;
  p.chunks = chunks;
  return produce(&p, half);
}

int ot_stream_while(int (*more)(int), int (*sink)(int, const uint8_t *, uint32_t), int size) {
  struct producer p = {.sink = sink, .size = bytes_of(size)};
  while (more(p.chunks) != 0) {
    p.chunks++;
    if (produce(&p, p.chunks - 1) != p.chunks) return p.chunks - 1;
  }
  return p.chunks;
}

int ot_write_all(uint32_t (*writer)(const uint8_t *, uint32_t), int chunks, int size) {
  const uint32_t length = bytes_of(size);
  uint8_t *bytes = malloc(length == 0 ? 1 : length);
  int written = 0;
  if (bytes == NULL) return -1;
  for (; written < chunks; written++) {
    memset(bytes, written & 255, length);
    if (writer(bytes, length) != length) break;
  }
  free(bytes);
  return written;
}
