/* Out and inout cells, and buffers. */
#include "offtest.h"

#include "../offthread.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

int ot_divmod(int a, int b, int *quotient, int *remainder) {
  if (b == 0 || (a == INT_MIN && b == -1)) return -1;
  *quotient = a / b;
  *remainder = a % b;
  return 0;
}

void ot_out_all(int8_t *a, uint8_t *b, int16_t *c, uint16_t *d, int32_t *e, uint32_t *f, int64_t *g, uint64_t *h,
                float *i, double *j, bool *k, void **l) {
  *a = INT8_MIN;
  *b = UINT8_MAX;
  *c = INT16_MIN;
  *d = UINT16_MAX;
  *e = INT32_MIN;
  *f = UINT32_MAX;
  *g = INT64_MIN;
  *h = UINT64_MAX;
  *i = 0.5f;
  *j = 0.1;
  *k = true;
  *l = (void *)(uintptr_t)0x1234;
}

void ot_out_pointer(void **out, void *value) { *out = value; }

void ot_increment(int *cell) { *cell = ot_add(*cell, 1); }

int64_t ot_swap(int64_t *a, int64_t *b) {
  const int64_t kept = *a;
  *a = *b;
  *b = kept;
  return ot_add_i64(*a, *b);
}

uint64_t ot_sum_bytes(const uint8_t *bytes, size_t length) {
  uint64_t sum = 0;
  if (bytes != NULL) {
    for (size_t i = 0; i < length; i++) sum += bytes[i];
  }
  return sum;
}

uint32_t ot_checksum(const uint8_t *bytes, uint32_t length) {
  if (bytes == NULL) return 0;
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < length; i++) hash = (hash ^ bytes[i]) * 16777619u;
  return hash;
}

int ot_buffer_is_null(const uint8_t *bytes) { return bytes == NULL; }

void ot_xor_bytes(uint8_t *bytes, uint32_t length, uint8_t mask) {
  for (uint32_t i = 0; i < length; i++) bytes[i] ^= mask;
}

void ot_reverse_bytes(uint8_t *bytes, uint32_t length) {
  for (uint32_t i = 0; i < length / 2; i++) {
    const uint8_t kept = bytes[i];
    bytes[i] = bytes[length - 1 - i];
    bytes[length - 1 - i] = kept;
  }
}

void ot_fill_bytes(uint8_t *bytes, uint32_t length, uint8_t value) {
  if (length > 0) memset(bytes, value, length);
}

int ot_copy_bytes(uint8_t *target, const uint8_t *source, uint32_t length) {
  if (length > 0) memmove(target, source, length);
  return (int)length;
}

int ot_fill_slowly(uint8_t *bytes, uint32_t length, uint8_t value, int us_each, const volatile int32_t *flag) {
  for (uint32_t i = 0; i < length; i++) {
    if (offthread_cancelled(flag)) return 1;
    ((volatile uint8_t *)bytes)[i] = value;
    ot_sleep_us(us_each);
  }
  return 0;
}

static int blocks = 0;

void *ot_alloc(uint32_t bytes) {
  void *memory = calloc(1, bytes == 0 ? 1 : bytes);
  if (memory != NULL) __atomic_add_fetch(&blocks, 1, __ATOMIC_ACQ_REL);
  return memory;
}

void ot_release(void *memory) {
  if (memory == NULL) return;
  __atomic_sub_fetch(&blocks, 1, __ATOMIC_ACQ_REL);
  free(memory);
}

int ot_live_blocks(void) { return __atomic_load_n(&blocks, __ATOMIC_ACQUIRE); }
