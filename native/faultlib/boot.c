/*
 * offfault: a library that goes wrong while it is loaded, or while its process
 * ends, if its environment says so. Nothing here is needed to use offthread.
 *
 *   OFF_FAULT        what its constructor does: segv, abort, kill, exit, exit-now, hang, complain (to stderr, then
 *                    abort); exit codes are 3
 *   OFF_FAULT_WHEN   a file: the constructor does that only while the file exists
 *   OFF_FAULT_MARK   a file: the constructor adds a byte to it, so that a test can count how often it has run
 *   OFF_FAULT_AT_END what its destructor does, of the same
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_CODE = 3 };

int of_add(int a, int b) { return a + b; }

int of_process_id(void) { return (int)getpid(); }

static void go_wrong(const char *how) {
  if (strcmp(how, "segv") == 0) {
    volatile uintptr_t nowhere = 8;
    *(volatile int *)nowhere = 1;
  }
  if (strcmp(how, "complain") == 0) {
    const char words[] = "offfault: not today\n";
    if (write(STDERR_FILENO, words, sizeof words - 1) < 0) _exit(EXIT_CODE);
    abort();
  }
  if (strcmp(how, "abort") == 0) abort();
  if (strcmp(how, "kill") == 0) raise(SIGKILL);
  if (strcmp(how, "exit") == 0) exit(EXIT_CODE);
  if (strcmp(how, "exit-now") == 0) _exit(EXIT_CODE);
  while (strcmp(how, "hang") == 0) pause();
}

static void leave_mark(const char *path) {
  const int file = open(path, O_CREAT | O_APPEND | O_WRONLY, 0600);
  if (file < 0) return;
  if (write(file, ".", 1) < 0) _exit(EXIT_CODE);
  close(file);
}

__attribute__((constructor)) static void loaded(void) {
  const char *how = getenv("OFF_FAULT");
  const char *when = getenv("OFF_FAULT_WHEN");
  const char *mark = getenv("OFF_FAULT_MARK");
  if (mark != NULL) leave_mark(mark);
  if (how != NULL && (when == NULL || access(when, F_OK) == 0)) go_wrong(how);
}

__attribute__((destructor)) static void unloaded(void) {
  const char *how = getenv("OFF_FAULT_AT_END");
  if (how != NULL) go_wrong(how);
}
