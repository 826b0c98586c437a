/* Functions that crash or hang on some inputs, and functions that look alike and do not. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A write to it is a segmentation fault. */
static volatile int *volatile nowhere;

int32_t vl_crash_rarely(int32_t n) {
  if (n >= 0 && n % 10000 == 4242) {
    fprintf(stderr, "vl_crash_rarely: no entry for %d\n", n);
    fflush(stderr);
    *nowhere = n;
  }
  return n;
}

int32_t vl_crash_never(int32_t n) {
  if (n >= 0 && n % 10000 == 4242) return -1;
  return n;
}

/* Numbers between braces are added; braces with nothing between them are not expected by the first of the two. */
static int32_t numbers_in(const char *text, int checked) {
  int32_t sum = 0;
  for (const char *open = strchr(text, '{'); open != NULL; open = strchr(open + 1, '{')) {
    const char *const close = strchr(open, '}');
    if (close == NULL) break;
    if (close > open + 1) sum += atoi(open + 1);
    else if (!checked) abort();
  }
  return sum;
}

int32_t vl_template(const char *text) { return numbers_in(text, 0); }
int32_t vl_checked_template(const char *text) { return numbers_in(text, 1); }

/* Crashes on bytes that begin with a header whose length field is too large. */
int32_t vl_frame(const uint8_t *bytes, uint32_t length) {
  if (length < 4 || bytes[0] != 0x7f) return 0;
  const uint32_t said = (uint32_t)bytes[1] << 8 | bytes[2];
  if (said > length - 3 && bytes[3] != 0) *nowhere = 1;
  return (int32_t)said;
}

int32_t vl_hang_once(int32_t n) {
  while (n == 777) pause();
  return n;
}

int32_t vl_hang_never(int32_t n) { return n == 777 ? 0 : n; }

/* Crashes at its third call with a negative number: no single call shows it. */
int32_t vl_crash_third(int32_t n) {
  static int negative;
  if (n < 0 && ++negative == 3) abort();
  return n;
}
