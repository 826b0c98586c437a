/* Handshakes through shared memory or files, and probes for concurrency and threads. */
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "offtest.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

enum { PAUSE_US = 50, FILE_PAUSE_US = 500 };

static int ms_since(uint64_t start) { return (int)((ot_monotonic_ns() - start) / 1000000); }

int ot_hang_until(const volatile int32_t *release, int max_ms) {
  const uint64_t start = ot_monotonic_ns();
  while (__atomic_load_n(release, __ATOMIC_ACQUIRE) == 0) {
    if (max_ms > 0 && ms_since(start) >= max_ms) return -1;
    ot_sleep_us(PAUSE_US);
  }
  return ms_since(start);
}

int ot_enter_and_wait(volatile int32_t *entered, const volatile int32_t *release, int max_ms) {
  __atomic_add_fetch(entered, 1, __ATOMIC_ACQ_REL);
  return ot_hang_until(release, max_ms);
}

int ot_wait_and_fill(uint8_t *bytes, uint32_t length, uint8_t value, volatile int32_t *entered, const volatile int32_t *release,
                     volatile uint32_t *checksum) {
  ot_enter_and_wait(entered, release, 0);
  const uint32_t sum = ot_checksum(bytes, length);
  ot_fill_bytes(bytes, length, value);
  __atomic_store_n(checksum, sum == 0 ? 1 : sum, __ATOMIC_RELEASE);
  return 0;
}

int ot_hang_until_file(const char *entered, const char *release, int max_ms) {
  const uint64_t start = ot_monotonic_ns();
  if (entered != NULL) {
    const int file = open(entered, O_CREAT | O_WRONLY, 0600);
    if (file >= 0) close(file);
  }
  while (access(release, F_OK) != 0) {
    if (max_ms > 0 && ms_since(start) >= max_ms) return -1;
    ot_sleep_us(FILE_PAUSE_US);
  }
  return ms_since(start);
}

static int inside = 0;
static int most = 0;

int ot_concurrent_enter_exit(int us) {
  const int now = __atomic_add_fetch(&inside, 1, __ATOMIC_ACQ_REL);
  int seen = __atomic_load_n(&most, __ATOMIC_RELAXED);
  while (now > seen && !__atomic_compare_exchange_n(&most, &seen, now, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
  }
  ot_sleep_us(us);
  __atomic_sub_fetch(&inside, 1, __ATOMIC_ACQ_REL);
  return now;
}

int ot_concurrency(void) { return __atomic_load_n(&inside, __ATOMIC_ACQUIRE); }

int ot_max_concurrency(void) { return __atomic_load_n(&most, __ATOMIC_ACQUIRE); }

/* Threads still inside are kept in the count. */
void ot_reset_concurrency(void) { __atomic_store_n(&most, ot_concurrency(), __ATOMIC_RELEASE); }

int ot_not_reentrant_add(int a, int b, int us) {
  static volatile int left;
  static volatile int right;
  left = a;
  right = b;
  ot_sleep_us(us);
  return ot_add(left, right);
}

uint64_t ot_thread_id(void) {
#if defined(__linux__)
  return (uint64_t)syscall(SYS_gettid);
#elif defined(__APPLE__)
  uint64_t id = 0;
  pthread_threadid_np(NULL, &id);
  return id;
#else
  return (uint64_t)(uintptr_t)pthread_self();
#endif
}

int ot_process_id(void) { return (int)getpid(); }

static uint64_t owner = 0;

int ot_bound_to_thread(void) {
  const uint64_t self = ot_thread_id();
  uint64_t expected = 0;
  if (__atomic_compare_exchange_n(&owner, &expected, self, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return 0;
  return expected == self ? 0 : -1;
}

void ot_reset_bound_thread(void) { __atomic_store_n(&owner, 0, __ATOMIC_RELEASE); }

int ot_add_in_thread(int amount) {
  static _Thread_local int value = 0;
  value += amount;
  return value;
}
