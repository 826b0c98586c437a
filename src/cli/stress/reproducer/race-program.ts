/**
 * A C program that makes calls one after the other, and then the same calls in several threads at once, and compares.
 *
 *   for each trial, a process of its own: what crashes or hangs there is counted, and the next trial begins anew
 *     for each round: the threads meet at a barrier, wait for a random time, and make their calls, several times
 *
 * What the calls have to answer comes from a process in which they run one after the other.
 */
import {
  type CalledFunction,
  KEEP_TEXT,
  callFunction,
  functionType,
  opening,
  outcomeType,
} from './c-call.js';
import type { GivenArguments } from '../direct/argument-memory.js';
import { inComment } from './c-literals.js';
import type { Program } from './compile-run.js';

/** What the threads of a program do. */
export interface RaceScenario {
  /** Calls, by their arguments. */
  readonly calls: readonly GivenArguments[];
  /** For each thread the calls that it makes in a round, in this order. */
  readonly threads: readonly (readonly number[])[];
  /**
   * `answers`: each call has to give what it gives alone. `draws`: the calls of all threads together have to give what
   * as many calls give one after the other, in any order.
   */
  readonly compare: 'answers' | 'draws';
  /** Processes, one after the other. More than one finds what only first calls do. */
  readonly trials: number;
  /** Rounds of a trial. */
  readonly rounds: number;
  /** s after which no trial is begun, and the last one ends. */
  readonly seconds: number;
}

const HEAD = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
`;

const BODY = `/* All outcomes of many calls together, in whatever order they came. */
struct sums { uint64_t first, second; };

static inline void add(struct sums *sums, const struct outcome *outcome) {
  const unsigned char *const bytes = (const unsigned char *)outcome;
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < sizeof *outcome; i++) hash = (hash ^ bytes[i]) * 1099511628211u;
  hash = (hash ^ hash >> 31) * 0x9e3779b97f4a7c15u;
  sums->first += hash;
  sums->second += (hash ^ hash >> 29) * (hash >> 3 | 1);
}

/* Memory of all processes. */
static struct {
  struct outcome expected[CALLS];
  struct sums expected_sums, sums[THREADS];
  volatile long rounds, wrong, stop;
  volatile int wrong_thread, wrong_call;
  /* Each thread writes to cache lines of its own. */
  struct { volatile long calls; volatile int inside, id; char rest[112]; } threads[THREADS];
} *all;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* A barrier that spins, so that the threads leave it within nanoseconds where there are cores enough. */
static volatile int arrived, generation;

static void meet(void) {
  const int mine = generation;
  if (__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL) == THREADS) {
    arrived = 0;
    __atomic_store_n(&generation, mine + 1, __ATOMIC_RELEASE);
    return;
  }
  for (int spins = 0; __atomic_load_n(&generation, __ATOMIC_ACQUIRE) == mine; spins++)
    if (spins > 4000) usleep(100);
    else if (spins > 2000) sched_yield();
}

/* With -DLOCKED, one thread at a time makes its calls: then nothing goes wrong. */
static void alone(int begin) {
#ifdef LOCKED
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  if (begin) pthread_mutex_lock(&lock);
  else pthread_mutex_unlock(&lock);
#else
  (void)begin;
#endif
}

static void *run(void *number) {
  const int thread = (int)(intptr_t)number;
  uint32_t random = 2463534242u + 77777u * (uint32_t)(thread + getpid());
  static _Thread_local struct outcome outcome;
  struct sums sums = {0, 0};
  all->threads[thread].id = (int)syscall(SYS_gettid);
  for (long round = 0; round < ROUNDS && !all->stop; round++) {
    meet();
    random ^= random << 13, random ^= random >> 17, random ^= random << 5;
    /* Short waits and long ones: what the calls have to meet may be of any length. */
    for (volatile uint32_t wait = random >> 16 & ((1u << random % WAITS) - 1); wait > 0; wait--) continue;
    /* Few calls meet at their beginning; many are interrupted anywhere. */
    static const int lengths[4] = {1, 50, 50, AGAIN};
    const int times = DRAWS ? AGAIN : lengths[random >> 8 & 3];
    for (int again = 0; again < times && !all->stop; again++) {
      alone(1);
      all->threads[thread].inside = 1;
      ROUND;
      all->threads[thread].inside = 0;
      all->threads[thread].calls++;
      alone(0);
    }
    if (thread == 0) all->rounds++;
  }
  all->sums[thread] = sums;
  /* Others may wait at the barrier. */
  all->stop = 1;
  __atomic_add_fetch(&generation, 1, __ATOMIC_RELEASE);
  return NULL;
}

static void trial(void) {
  pthread_t threads[THREADS];
  open_library();
  for (intptr_t i = 0; i < THREADS; i++)
    if (pthread_create(&threads[i], NULL, run, (void *)i) != 0) _exit(2);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

/* s of cores that a process has used, and its children that have ended. */
static double computed(pid_t process) {
  clockid_t clock;
  struct timespec time = {0, 0};
  if (clock_getcpuclockid(process, &clock) == 0) clock_gettime(clock, &time);
  struct rusage ended;
  getrusage(RUSAGE_CHILDREN, &ended);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9 + (double)ended.ru_utime.tv_sec +
         (double)ended.ru_utime.tv_usec / 1e6;
}

/* Whether the time is over. On a machine that is busy with other things, it takes longer, up to four times. */
static int over(double begun, pid_t process) {
  const double passed = now() - begun;
  return passed > 4 * SECONDS || (passed > SECONDS && computed(process) > SECONDS / 2.0);
}

/* Whether a thread of a process sleeps: one that waits for a core does not. */
static int sleeps(pid_t process, int thread) {
  char text[512];
  snprintf(text, sizeof text, "/proc/%d/task/%d/stat", (int)process, thread);
  FILE *const file = fopen(text, "r");
  if (file == NULL) return 1;
  const size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = '\0';
  const char *const name_end = strrchr(text, ')');
  return name_end != NULL && name_end[1] == ' ' && name_end[2] == 'S';
}

/* Whether some thread is in a call, and every thread that is in one sleeps. */
static int blocked(pid_t process) {
  int inside = 0;
  for (int i = 0; i < THREADS; i++) {
    if (!all->threads[i].inside) continue;
    inside++;
    if (!sleeps(process, all->threads[i].id)) return 0;
  }
  return inside > 0;
}

/* Waits for a process: a signal, 0, or -1 when its calls have not moved for HANG_S seconds. */
static int end_of(pid_t process, double begun, double patience) {
  long calls = -1;
  double moved = now();
  for (int status = 0, looks = 0;; looks++) {
    if (waitpid(process, &status, WNOHANG) == process) {
      if (WIFEXITED(status) && WEXITSTATUS(status) == 2) exit(2);
      return WIFSIGNALED(status) ? WTERMSIG(status) : WIFEXITED(status) && WEXITSTATUS(status) != 0 ? 256 : 0;
    }
    long sum = 0;
    for (int i = 0; i < THREADS; i++) sum += all->threads[i].calls;
    if (sum != calls || (looks % 50 == 0 && !blocked(process))) calls = sum, moved = now();
    if (looks % 20 == 0 && over(begun, process)) all->stop = 1;
    if (now() > moved + HANG_S + patience) {
      kill(process, SIGKILL);
      waitpid(process, &status, 0);
      return -1;
    }
    usleep(500);
  }
}

int main(void) {
  all = mmap(NULL, sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) return 2;
  setvbuf(stdout, NULL, _IONBF, 0);
  const double begun = now();
  pid_t process = fork();
  if (process == 0) {
    open_library();
    EXPECT;
    _exit(0);
  }
  if (end_of(process, now(), 3600) != 0) return puts("one after the other, the calls crash or hang as well"), 2;
  long trials = 0, rounds = 0, wrong = 0, crashed = 0, hung = 0;
  int signal = 0;
  const double patience = 20 * (now() - begun), start = now();
  while (trials < TRIALS && (now() < start + SECONDS || !over(start, 0)) && wrong < ENOUGH && crashed < 5 && hung < 2) {
    const long before = all->wrong;
    all->stop = all->rounds = 0;
    memset(all->threads, 0, sizeof all->threads);
    trials++;
    process = fork();
    if (process == 0) {
      trial();
      TRIAL_END;
      _exit(0);
    }
    const int end = end_of(process, start, patience);
    rounds += all->rounds;
    wrong += all->wrong - before;
    if (end > 0) crashed++, signal = end;
    if (end < 0) hung++;
  }
  printf("trials=%ld rounds=%ld wrong=%ld crashed=%ld signal=%d deadlocked=%ld\\n", trials, rounds, wrong, crashed,
         signal, hung);
  SUMMARY
  return wrong + crashed + hung > 0;
}
`;

/** How often the threads make their calls in a round: nothing but the calls is between two of them. */
const AGAIN = 5_000;
/** The same for draws. */
const DRAWN_AGAIN = 20_000;
/** Wrong rounds after which a program stops: there are enough. */
const ENOUGH = 100;
/** s for which the threads in calls sleep, without a call that ends, before a trial counts as a deadlock. */
const HANG_S = 2;

export function raceProgram(called: CalledFunction, scenario: RaceScenario, says: string): Program {
  const { symbol } = called.description;
  const { calls, threads, compare, trials, rounds, seconds } = scenario;
  const draws = compare === 'draws';
  const perRound = threads.reduce((sum, list) => sum + list.length, 0);
  // First calls are made once, and trials end after them.
  const again = draws ? DRAWN_AGAIN : rounds === 1 ? 1 : AGAIN;
  const name = `${symbol}-race`;
  const defines = {
    THREADS: threads.length,
    TRIALS: trials,
    ROUNDS: rounds,
    SECONDS: seconds,
    AGAIN: again,
    DRAWS: draws ? 1 : 0,
    // First calls also wait for pages to be loaded, for microseconds.
    WAITS: rounds === 1 ? 14 : 8,
    CALLS: calls.length,
    ENOUGH: draws ? 5 : ENOUGH,
    HANG_S,
  };
  const parts = draws ? drawing(threads, perRound) : comparing(threads, calls.length);
  const body = BODY.replace(/ROUND;|EXPECT;|TRIAL_END;|SUMMARY/g, (word) => parts[word] ?? '');
  return {
    name,
    source: `/*
 * ${inComment(says)}
 *
 *   cc -O2 -pthread -o ${name} ${name}.c && ./${name}
 *
 * With -DLOCKED, a lock keeps the calls apart.
 */
${HEAD}
${Object.entries(defines)
  .map(([key, value]) => `#define ${key} ${value}`)
  .join('\n')}

${functionType(called)}

${outcomeType(called, calls)}

${KEEP_TEXT}

${opening(called)}

${calls.map((given, at) => callFunction(called, `call_${at}`, given)).join('\n\n')}

${body}`,
  };
}

/** Each thread compares each answer with what the call answers alone. */
function comparing(threads: readonly (readonly number[])[], calls: number): Record<string, string> {
  const cases = threads.map((list, thread) => {
    const made = list.map(
      (call, at) => `      call_${call}(&outcome);
      if (memcmp(&outcome, &all->expected[${call}], sizeof outcome) != 0) wrong = ${at + 1};`,
    );
    return `    case ${thread}:\n${made.join('\n')}\n      break;`;
  });
  return {
    'ROUND;': `int wrong = 0;
    switch (thread) {
${cases.join('\n')}
    }
    if (wrong != 0) {
      all->wrong_thread = thread;
      all->wrong_call = wrong;
      if (__atomic_add_fetch(&all->wrong, 1, __ATOMIC_RELAXED) >= ENOUGH) all->stop = 1;
    }`,
    'EXPECT;': Array.from({ length: calls }, (_, at) => `call_${at}(&all->expected[${at}]);`).join('\n    '),
    'TRIAL_END;': '',
    SUMMARY:
      'if (wrong > 0) printf("the last: thread %d, its call %d\\n", all->wrong_thread, all->wrong_call);',
  };
}

/** All answers together are compared, as sums. */
function drawing(threads: readonly (readonly number[])[], perRound: number): Record<string, string> {
  const cases = threads.map((list, thread) => {
    const made = list.map((call) => `      call_${call}(&outcome), add(&sums, &outcome);`);
    return `    case ${thread}:\n${made.join('\n')}\n      break;`;
  });
  return {
    'ROUND;': `switch (thread) {
${cases.join('\n')}
    }`,
    'EXPECT;': `struct outcome outcome;
    for (long i = 0; i < ${perRound}L * AGAIN * ROUNDS; i++) call_0(&outcome), add(&all->expected_sums, &outcome);`,
    'TRIAL_END;': `struct sums sums = {0, 0};
      for (int i = 0; i < THREADS; i++) sums.first += all->sums[i].first, sums.second += all->sums[i].second;
      if (all->rounds == ROUNDS && memcmp(&sums, &all->expected_sums, sizeof sums) != 0) all->wrong++;`,
    SUMMARY:
      'if (wrong > 0) puts("wrong: trials whose answers, all together, are not those of calls one after the other");',
  };
}
