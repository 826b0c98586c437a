/* Native code that takes its process with it, at a moment and in a way that the test chooses. */
#include "offtest.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int ot_die(int how) {
  if (how >= OT_EXIT_NOW) _exit(how - OT_EXIT_NOW);
  if (how >= OT_EXIT) exit(how - OT_EXIT);
  if (how == SIGSEGV) return ot_crash_segv();
  if (how == SIGABRT) abort();
  return how == 0 ? 0 : ot_crash_signal(how);
}

int ot_die_if(int value, int poison, int how) { return value == poison ? ot_die(how) : value; }

int ot_die_once(const char *mark, int how) {
  const int file = open(mark, O_CREAT | O_EXCL | O_WRONLY, 0600);
  if (file < 0) return 1;
  close(file);
  return ot_die(how);
}

int ot_die_when(volatile int32_t *entered, const volatile int32_t *how, int max_ms) {
  return ot_enter_and_wait(entered, how, max_ms) < 0 ? -1 : ot_die(*how);
}

struct doom {
  const volatile int32_t *how;
  int max_ms;
};

static void *await_doom(void *data) {
  const struct doom doom = *(struct doom *)data;
  free(data);
  if (ot_hang_until(doom.how, doom.max_ms) >= 0) ot_die(*doom.how);
  return NULL;
}

int ot_die_behind(const volatile int32_t *how, int max_ms) {
  struct doom *doom = malloc(sizeof *doom);
  pthread_t thread;
  if (doom == NULL) return -1;
  *doom = (struct doom){how, max_ms};
  if (pthread_create(&thread, NULL, await_doom, doom) != 0) {
    free(doom);
    return -1;
  }
  return pthread_detach(thread);
}

int ot_call_then_die(int (*callback)(int), int n, int how) {
  const int sum = ot_call_callback(callback, n);
  return how == 0 ? sum : ot_die(how);
}

int ot_call_doomed(int (*callback)(int), int n, const volatile int32_t *how, int max_ms) {
  if (ot_die_behind(how, max_ms) != 0) return -1;
  return ot_call_callback(callback, n);
}

int ot_stream_then_die(int (*sink)(int, const uint8_t *, uint32_t), int chunks, int size, int how) {
  const int sent = ot_stream_chunks(sink, chunks, size);
  return how == 0 ? sent : ot_die(how);
}

const char *ot_bad_text(void) {
  volatile uintptr_t nowhere = 8;
  return (const char *)nowhere;
}

const char *ot_bad_text_if(int value, int poison) { return value == poison ? ot_bad_text() : "good"; }

void ot_die_freeing(void *text) {
  if (text != NULL) ot_crash_abort();
}

/* One block of memory, seen over and over: long to read, and no burden on the machine. */
const char *ot_endless_text(int mb) {
  enum { BLOCK = 1 << 20 };
  const size_t length = (size_t)mb * BLOCK;
  FILE *file = tmpfile();
  if (file == NULL) return NULL;
  char *text = mmap(NULL, length + BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  bool good = text != MAP_FAILED && ftruncate(fileno(file), BLOCK) == 0;
  for (size_t at = 0; good && at < length; at += BLOCK) {
    void *here = mmap(text + at, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fileno(file), 0);
    good = here != MAP_FAILED;
  }
  if (good && mb > 0) memset(text, 'a', BLOCK);
  fclose(file);
  return good ? text : NULL;
}

int ot_complain(const char *text, int lines, int how) {
  for (int line = 1; line <= lines; line++) dprintf(STDERR_FILENO, "%s %d\n", text, line);
  return ot_die(how);
}

int ot_complain_raw(const uint8_t *bytes, uint32_t length, int how) {
  for (uint32_t written = 0; written < length;) {
    const ssize_t some = write(STDERR_FILENO, bytes + written, length - written);
    if (some <= 0) return -1;
    written += (uint32_t)some;
  }
  return ot_die(how);
}

static int last_way = 0;

static void die_last(void) { ot_die(last_way); }

int ot_die_at_exit(int how) {
  last_way = how;
  return atexit(die_last);
}
