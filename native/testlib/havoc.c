/* Native code that does not die, and leaves its process unfit: deaf, corrupt, out of memory or of descriptors. */
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "offtest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_DESCRIPTORS = 1024, PAUSE_US = 50 };

int ot_hang_deaf(volatile int32_t *entered) {
  const int deaf_to[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE};
  for (size_t i = 0; i < sizeof deaf_to / sizeof *deaf_to; i++) signal(deaf_to[i], SIG_IGN);
  __atomic_add_fetch(entered, 1, __ATOMIC_ACQ_REL);
  return ot_hang();
}

int ot_ignore_cancel(volatile int32_t *entered, const volatile int32_t *flag) {
  (void)flag;
  __atomic_add_fetch(entered, 1, __ATOMIC_ACQ_REL);
  return ot_hang();
}

int ot_hang_with(const uint8_t *bytes, uint32_t length, volatile uint32_t *checksum) {
  const uint32_t sum = ot_checksum(bytes, length);
  __atomic_store_n(checksum, sum == 0 ? 1 : sum, __ATOMIC_RELEASE);
  return ot_hang();
}

int ot_lock(volatile int32_t *word, int max_ms) {
  const uint64_t end = ot_monotonic_ns() + (uint64_t)(max_ms < 0 ? 0 : max_ms) * 1000000;
  for (;;) {
    int32_t nobody = 0;
    if (__atomic_compare_exchange_n(word, &nobody, ot_process_id(), 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) return 0;
    if (max_ms > 0 && ot_monotonic_ns() >= end) return -1;
    ot_sleep_us(PAUSE_US);
  }
}

int ot_unlock(volatile int32_t *word) {
  int32_t holder = ot_process_id();
  return __atomic_compare_exchange_n(word, &holder, 0, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED) ? 0 : -1;
}

int ot_die_holding(volatile int32_t *word, int how) { return ot_lock(word, 0) == 0 ? ot_die(how) : -1; }

int ot_close_descriptors(int from) {
  int closed = 0;
  for (int descriptor = from; descriptor < MOST_DESCRIPTORS; descriptor++) closed += close(descriptor) == 0;
  return closed;
}

/* Only what is safe after a fork of a process with threads. */
int ot_fork_holding(int max_ms) {
  const uint64_t end = ot_monotonic_ns() + (uint64_t)(max_ms < 0 ? 0 : max_ms) * 1000000;
  const pid_t child = fork();
  if (child != 0) return (int)child;
  while (ot_monotonic_ns() < end) ot_sleep_us(1000);
  _exit(0);
}

int ot_scribble(uint8_t *bytes, int before, int after, uint8_t value) {
  volatile uint8_t *all = bytes;
  for (int i = -before; i < after; i++) all[i] = value;
  return before + after;
}

/* Where the mapping begins that an address lies in; 0 where the system does not tell. */
static uintptr_t mapping_of(const void *address) {
  FILE *file = fopen("/proc/self/maps", "r");
  char line[512];
  uintptr_t found = 0;
  while (file != NULL && found == 0 && fgets(line, sizeof line, file) != NULL) {
    unsigned long from = 0;
    unsigned long to = 0;
    if (sscanf(line, "%lx-%lx", &from, &to) != 2) continue;
    if ((uintptr_t)address >= from && (uintptr_t)address < to) found = from;
  }
  if (file != NULL) fclose(file);
  return found;
}

int ot_scribble_at(const uint8_t *bytes, uint32_t offset, uint32_t length, uint32_t seed) {
  const uintptr_t start = mapping_of(bytes);
  if (start == 0) return -1;
  volatile uint8_t *all = (volatile uint8_t *)start + offset;
  uint32_t state = seed;
  for (uint32_t i = 0; i < length; i++) {
    /* xorshift; 0 stays 0. */
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    all[i] = seed == UINT32_MAX ? 0xff : (uint8_t)state;
  }
  return (int)length;
}

/* Sockets and pipes: whatever a process may talk to its parent by, but for the three that everybody has. */
int ot_garble(const uint8_t *bytes, uint32_t length) {
  int garbled = 0;
  for (int descriptor = STDERR_FILENO + 1; descriptor < MOST_DESCRIPTORS; descriptor++) {
    struct stat what;
    if (fstat(descriptor, &what) != 0 || !(S_ISSOCK(what.st_mode) || S_ISFIFO(what.st_mode))) continue;
    garbled += write(descriptor, bytes, length) > 0;
  }
  return garbled;
}

/* The address space that there is, in MB; 0 where the system does not tell. */
static long mapped_mb(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL) return 0;
  if (fscanf(file, "%ld", &pages) != 1) pages = 0;
  fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024) / 1024;
}

int ot_limit_memory(int mb) {
  const long now = mapped_mb();
  const rlim_t bytes = (rlim_t)(now + mb) << 20;
  struct rlimit limit;
  if (now == 0 || getrlimit(RLIMIT_AS, &limit) != 0) return -1;
  limit.rlim_cur = bytes;
  return setrlimit(RLIMIT_AS, &limit);
}

/* As C++ does where an allocation fails and nobody catches that. */
int ot_take_memory(int mb) {
  if (ot_eat_memory(mb) < mb) {
    dprintf(STDERR_FILENO, "out of memory\n");
    abort();
  }
  return mb;
}

