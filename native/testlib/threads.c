/* A thread of the library's own that calls back, for as long as the process lives. */
#include <pthread.h>
#include <unistd.h>

#include "offtest.h"

typedef struct {
  void (*tell)(int);
  int (*ask)(int);
  int us;
} Caller;

static Caller callers[64];
static int started;
static volatile int answers;
static volatile int answer;

static void *call_forever(void *given) {
  Caller *const caller = given;
  for (int i = 0;; i++) {
    if (caller->tell != NULL) caller->tell(i);
    if (caller->ask != NULL) {
      answer = caller->ask(i);
      answers++;
    }
    usleep((useconds_t)caller->us);
  }
  return NULL;
}

static int start(Caller caller) {
  const int at = __atomic_fetch_add(&started, 1, __ATOMIC_RELAXED);
  if (at >= (int)(sizeof callers / sizeof callers[0])) return -1;
  callers[at] = caller;
  pthread_t thread;
  return pthread_create(&thread, NULL, call_forever, &callers[at]);
}

int ot_tell_forever(void (*tell)(int), int us) { return start((Caller){tell, NULL, us}); }

int ot_ask_forever(int (*ask)(int), int us) { return start((Caller){NULL, ask, us}); }

int ot_answers(void) { return answers; }

int ot_answer(void) { return answer; }
