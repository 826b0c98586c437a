/* Functions that leak memory, and functions that look alike and do not. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Keeps the compiler from leaving an allocation out. */
static void *volatile last;

int32_t vl_leak(int32_t n) {
  last = malloc(48);
  return n;
}

int32_t vl_leak_tenth(int32_t n) {
  static _Thread_local uint32_t calls;
  if (++calls % 10 == 0) last = malloc(48);
  return n;
}

int32_t vl_leak_mapping(int32_t n) {
  last = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return n;
}

char *vl_leak_text(int32_t n) {
  char *const text = malloc(48);
  memset(text, 'a' + n % 26, 47);
  text[47] = '\0';
  return text;
}

int32_t vl_freed(int32_t n) {
  last = malloc(48);
  free(last);
  return n;
}

int32_t vl_unmapped(int32_t n) {
  last = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(last, 4096);
  return n;
}

/* A cache of 65,536 entries, which grows until it is full: 48 bytes for every new key. */
int32_t vl_bounded_cache(int32_t n) {
  static void *entries[65536];
  static uint32_t next;
  static int32_t keys[65536];
  const uint32_t at = next++ % 65536;
  if (entries[at] == NULL) entries[at] = malloc(48);
  keys[at] = n;
  return keys[at];
}

/* Frees all it takes. The allocator keeps the memory, since the last block of it is still in use. */
int32_t vl_kept(int32_t n) {
  static void *top;
  void *blocks[64];
  for (int i = 0; i < 64; i++) blocks[i] = malloc((size_t)(1024 + 64 * (n & 15)));
  if (top == NULL) top = malloc(48);
  for (int i = 0; i < 64; i++) free(blocks[i]);
  return n;
}
