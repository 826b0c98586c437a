/*
 * Functions that are unsafe to call from several threads at once, each in its own way, and beside each one that looks
 * alike and is safe. Results depend on the arguments alone, unless the comment says otherwise.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* A write to it is a segmentation fault. */
static volatile int *volatile nowhere;

/* --- a static buffer ------------------------------------------------------------------------------------------- */

const char *vl_static_text(int32_t n) {
  static char text[32];
  snprintf(text, sizeof text, "number %d", n);
  return text;
}

const char *vl_thread_text(int32_t n) {
  static _Thread_local char text[32];
  snprintf(text, sizeof text, "number %d", n);
  return text;
}

/* The static buffer is inside: the caller gets a copy. */
static void digits(uint32_t n, char *scratch) {
  for (int i = 7; i >= 0; i--, n >>= 4) scratch[i] = "0123456789abcdef"[n & 15];
}

void vl_static_scratch(uint32_t n, char *hex) {
  static char scratch[8];
  digits(n, scratch);
  memcpy(hex, scratch, sizeof scratch);
}

void vl_stack_scratch(uint32_t n, char *hex) {
  char scratch[8];
  digits(n, scratch);
  memcpy(hex, scratch, sizeof scratch);
}

/* --- a cache of one entry -------------------------------------------------------------------------------------- */

static volatile int32_t cached_key = -1;
static volatile int64_t cached_square;

int64_t vl_cached_square(int32_t n) {
  if (cached_key != n) {
    cached_key = n;
    cached_square = (int64_t)n * n;
  }
  return cached_square;
}

int64_t vl_locked_square(int32_t n) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static int32_t key = -1;
  static int64_t square;
  pthread_mutex_lock(&lock);
  if (key != n) {
    key = n;
    square = (int64_t)n * n;
  }
  const int64_t found = square;
  pthread_mutex_unlock(&lock);
  return found;
}

/* --- a lost update: the window is the time between a load and a store ------------------------------------------ */

static volatile int32_t tickets;
static int32_t atomic_tickets;

int32_t vl_ticket(void) { return ++tickets; }

int32_t vl_atomic_ticket(void) { return __atomic_add_fetch(&atomic_tickets, 1, __ATOMIC_RELAXED); }

/* --- two locks ------------------------------------------------------------------------------------------------- */

static pthread_mutex_t left_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t right_lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t balances[2];

static int32_t transfer(pthread_mutex_t *first, pthread_mutex_t *second, int32_t amount) {
  pthread_mutex_lock(first);
  balances[0] -= amount;
  pthread_mutex_lock(second);
  balances[1] += amount;
  pthread_mutex_unlock(second);
  pthread_mutex_unlock(first);
  return amount;
}

/* In both orders: an even amount takes the left lock first, an odd one the right lock. */
int32_t vl_transfer(int32_t amount) {
  return amount % 2 == 0 ? transfer(&left_lock, &right_lock, amount) : transfer(&right_lock, &left_lock, amount);
}

int32_t vl_ordered_transfer(int32_t amount) { return transfer(&left_lock, &right_lock, amount); }

/* --- a crash when two calls overlap ---------------------------------------------------------------------------- */

static int32_t work(int32_t n) {
  volatile int32_t sum = n;
  for (int i = 0; i < 8; i++) sum += i;
  return sum;
}

int32_t vl_no_overlap(int32_t n) {
  static int inside;
  if (__atomic_exchange_n(&inside, 1, __ATOMIC_ACQUIRE) != 0) *nowhere = 1;
  const int32_t sum = work(n);
  __atomic_store_n(&inside, 0, __ATOMIC_RELEASE);
  return sum;
}

int32_t vl_overlap(int32_t n) {
  static int inside;
  __atomic_add_fetch(&inside, 1, __ATOMIC_ACQUIRE);
  const int32_t sum = work(n);
  __atomic_sub_fetch(&inside, 1, __ATOMIC_RELEASE);
  return sum;
}

/* --- a mutex around all of it, and around half of it ----------------------------------------------------------- */

static pthread_mutex_t whole_lock = PTHREAD_MUTEX_INITIALIZER;
static volatile int32_t shared_sum;

int32_t vl_global_mutex(int32_t n) {
  pthread_mutex_lock(&whole_lock);
  shared_sum = n;
  shared_sum += 7;
  const int32_t sum = shared_sum;
  pthread_mutex_unlock(&whole_lock);
  return sum;
}

int32_t vl_half_mutex(int32_t n) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static volatile int32_t sum;
  pthread_mutex_lock(&lock);
  sum = n;
  sum += 7;
  pthread_mutex_unlock(&lock);
  return sum;
}

/* --- a table that the first call makes ------------------------------------------------------------------------- */

static void fill(volatile uint32_t *table) {
  for (uint32_t i = 0; i < 256; i++) table[i] = i * 2654435761u | 1;
}

uint32_t vl_lazy_table(uint8_t n) {
  static volatile int ready;
  static volatile uint32_t table[256];
  if (!ready) {
    ready = 1;
    fill(table);
  }
  return table[n];
}

static volatile uint32_t once_table[256];
static void fill_once(void) { fill(once_table); }

uint32_t vl_once_table(uint8_t n) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, fill_once);
  return once_table[n];
}

/* --- answers that differ from call to call, safely ------------------------------------------------------------- */

uint32_t vl_random(void) {
  uint32_t value = 0;
  if (getrandom(&value, sizeof value, 0) != sizeof value) abort();
  return value;
}

int64_t vl_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Counts the calls of its thread. */
int32_t vl_thread_count(void) {
  static _Thread_local int32_t count;
  return ++count;
}

/* --- calls that belong together: the first names a text, those that follow, with NULL, give word after word ------------- */

static char *next_word(char *text, char **rest) {
  if (text == NULL) text = *rest;
  if (text == NULL) return NULL;
  text += strspn(text, " ");
  if (*text == '\0') return *rest = NULL;
  char *const end = text + strcspn(text, " ");
  *rest = *end == '\0' ? NULL : end + 1;
  *end = '\0';
  return text;
}

const char *vl_word(char *text) {
  static char *rest;
  return next_word(text, &rest);
}

const char *vl_thread_word(char *text) {
  static _Thread_local char *rest;
  return next_word(text, &rest);
}

/* Adds up: NULL is the beginning of a new sum. Nothing is answered as a text. */
static int64_t add_to(int64_t *sum, const int32_t *number) { return *sum = number == NULL ? 0 : *sum + *number; }

int64_t vl_sum(const int32_t *number) {
  static int64_t sum;
  return add_to(&sum, number);
}

int64_t vl_thread_sum(const int32_t *number) {
  static _Thread_local int64_t sum;
  return add_to(&sum, number);
}
