/**
 * The C text of `raceProgram`, in which words in capitals with a semicolon stand for what differs from program to
 * program. Its threads and its processes meet in shared memory, `all`.
 */

/** So that the first calls do not wait for pages one after the other, and miss each other. */
export const TOUCH: string = `/* Has the pages of one loaded library in memory. Those that are read-only once they were relocated are not written to. */
static int touch(struct dl_phdr_info *info, size_t size, void *nothing) {
  (void)size, (void)nothing;
  uintptr_t fixed = 0, fixed_end = 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_GNU_RELRO) continue;
    fixed = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    fixed_end = fixed + info->dlpi_phdr[i].p_memsz;
  }
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const uint32_t flags = info->dlpi_phdr[i].p_flags;
    if (info->dlpi_phdr[i].p_type != PT_LOAD || !(flags & PF_R)) continue;
    const uintptr_t begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, end = begin + info->dlpi_phdr[i].p_memsz;
    for (uintptr_t page = begin & ~(uintptr_t)4095; page < end; page += 4096) {
      volatile char *const byte = (volatile char *)(page < begin ? begin : page);
      const char was = *byte;
      if (flags & PF_W && (page + 4096 <= fixed || page >= fixed_end)) *byte = was;
    }
  }
  return 0;
}
`;

export const HEAD: string = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
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

export const BODY: string = `/* What a sequence of calls answers. */
struct answer {
  struct outcome calls[SEQUENCE];
};

/* All outcomes of many calls together, in whatever order they came. */
struct sums { uint64_t first, second; };

static inline void add(struct sums *sums, const struct answer *answer) {
  const unsigned char *const bytes = (const unsigned char *)answer;
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < sizeof *answer; i++) hash = (hash ^ bytes[i]) * 1099511628211u;
  hash = (hash ^ hash >> 31) * 0x9e3779b97f4a7c15u;
  sums->first += hash;
  sums->second += (hash ^ hash >> 29) * (hash >> 3 | 1);
}

/* Memory of all processes. */
static struct {
  struct answer expected[SEQUENCES], first_wrong;
  struct sums expected_sums, sums[THREADS];
  volatile long rounds, wrong, compared, stop;
  volatile int wrong_thread, wrong_sequence;
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

HELPERS;
static void *run(void *number) {
  const int thread = (int)(intptr_t)number;
  uint32_t random = 2463534242u + 77777u * (uint32_t)(thread + getpid());
  static _Thread_local struct answer answer;
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
    if (DRAWS) alone(1);
    for (int again = 0; again < times && !all->stop; again++) {
      if (!DRAWS) alone(1);
      all->threads[thread].inside = 1;
      ROUND;
      all->threads[thread].inside = 0;
      all->threads[thread].calls++;
      if (!DRAWS) alone(0);
    }
    if (DRAWS) alone(0);
    if (thread == 0) all->rounds++;
  }
  all->sums[thread] = sums;
  /* Where the trial was ended, others may wait at the barrier. */
  __atomic_add_fetch(&generation, 1, __ATOMIC_RELEASE);
  return NULL;
}

TOUCH_PAGES;
static void trial(void) {
  pthread_t threads[THREADS];
  open_library();
  TOUCH;
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

/* Given on the command line: how long it runs, and how many rounds it makes at least. */
static double seconds = SECONDS;
static long least;

/* Whether the time is over. On a machine that is busy with other things, it takes longer, up to four times. */
static int over(double begun, pid_t process, long rounds) {
  const double passed = now() - begun;
  return passed > 4 * seconds || (passed > seconds && computed(process) > seconds / 2 && rounds >= least);
}

/* Whether a thread of a process sleeps: one that waits for a core does not. */
static int sleeps(pid_t process, int thread) {
  char text[512];
  snprintf(text, sizeof text, "/proc/%d/task/%d/stat", (int)process, thread);
  FILE *const file = fopen(text, "r");
  if (file == NULL) return 1;
  const size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = '\\0';
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
static int end_of(pid_t process, double begun, long rounds, double patience) {
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
    if (looks % 20 == 0 && over(begun, process, rounds + all->rounds)) all->stop = 1;
    if (now() > moved + HANG_S + patience) {
      kill(process, SIGKILL);
      waitpid(process, &status, 0);
      return -1;
    }
    /* First calls are over soon. */
    usleep(looks < 40 ? 25 : 500);
  }
}

int main(int count, char **arguments) {
  if (count > 1) seconds = atof(arguments[1]);
  if (count > 2) least = atol(arguments[2]);
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
  if (end_of(process, now(), 0, 3600) != 0) return puts("one after the other, the calls crash or hang as well"), 2;
  long trials = 0, rounds = 0, calls = 0, wrong = 0, crashed = 0, hung = 0;
  int signal = 0;
  const double patience = 20 * (now() - begun), start = now();
  while (trials < TRIALS && (now() < start + seconds || !over(start, 0, rounds)) && wrong < ENOUGH && crashed < 5 && hung < HANGS) {
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
    const int end = end_of(process, start, rounds, patience);
    for (int i = 0; i < THREADS; i++) calls += all->threads[i].calls;
    rounds += all->rounds;
    wrong += all->wrong - before;
    if (end > 0) crashed++, signal = end;
    if (end < 0) hung++;
  }
  printf("trials=%ld rounds=%ld calls=%ld compared=%ld wrong=%ld crashed=%ld signal=%d deadlocked=%ld\\n", trials, rounds,
         calls * CALLS, DRAWS ? all->compared : calls * CALLS, wrong, crashed, signal, hung);
  SUMMARY
  return wrong + crashed + hung > 0;
}
`;

/** Keeps the first wrong answer, and tells it. */
export const WRONG: string = `/* Keeps the first wrong answer. */
static void wrong(int thread, int sequence, const struct answer *answer) {
  const long wrong = __atomic_add_fetch(&all->wrong, 1, __ATOMIC_RELAXED);
  if (wrong == 1) all->wrong_thread = thread, all->wrong_sequence = sequence, all->first_wrong = *answer;
  if (wrong >= ENOUGH) all->stop = 1;
}

static void tell(void) {
  const struct answer *const expected = &all->expected[all->wrong_sequence];
  int call = 0, other = -1;
  while (call < SEQUENCE - 1 && memcmp(&all->first_wrong.calls[call], &expected->calls[call], sizeof(struct outcome)) == 0)
    call++;
  for (int i = 0; i < SEQUENCES; i++)
    if (memcmp(&all->first_wrong.calls[call], &all->expected[i].calls[call], sizeof(struct outcome)) == 0) other = i;
  printf("first: thread=%d sequence=%d call=%d other=%d\\nexpected: ", all->wrong_thread, all->wrong_sequence, call, other);
  show(&expected->calls[call], &all->first_wrong.calls[call]);
  printf("\\nseen: ");
  show(&all->first_wrong.calls[call], &expected->calls[call]);
  puts("");
}
`;
