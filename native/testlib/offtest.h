/*
 * offtest: a native library for offthread's tests and benchmarks.
 *
 * One function a trap: everything that a real library may do to its caller, in
 * the smallest form. Nothing here is needed to use offthread.
 *
 * Conventions: times named _ms, _us and _ns are in that unit; functions that
 * wait for something in shared memory take its address first; a `max_ms` is a
 * guard, so that a broken test ends.
 */
#ifndef OFFTEST_H
#define OFFTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- scalars.c: what goes in comes out -------------------------------------------- */

/*
 * For every scalar type T:
 *   T ot_id_T(T)               the argument
 *   T ot_add_T(T, T)           the sum, wrapping; for bool: either
 *   int64_t ot_widen_T(T)      the argument as the function sees it, widened (floats truncate)
 */
#define OT_SCALARS(X) \
  X(i8, int8_t)       \
  X(u8, uint8_t)      \
  X(i16, int16_t)     \
  X(u16, uint16_t)    \
  X(i32, int32_t)     \
  X(u32, uint32_t)    \
  X(i64, int64_t)     \
  X(u64, uint64_t)    \
  X(size, size_t)     \
  X(f32, float)       \
  X(f64, double)      \
  X(bool, bool)
#define OT_DECLARE(name, type)              \
  type ot_id_##name(type value);            \
  type ot_add_##name(type a, type b);       \
  int64_t ot_widen_##name(type value);      \
  void ot_out_##name(type *out, type value);     /* *out = value */ \
  void ot_inout_##name(type *cell, type amount); /* *cell = *cell + amount, as ot_add_T */
OT_SCALARS(OT_DECLARE)
#undef OT_DECLARE
void *ot_id_pointer(void *value);
void *ot_add_pointer(void *value, int64_t bytes);
int ot_is_null(const void *value);

int ot_add(int a, int b);
void ot_nothing(void);
int64_t ot_sum10_i32(int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, int32_t f, int32_t g, int32_t h,
                     int32_t i, int32_t j);
/* Ten integers of all widths. */
int64_t ot_sum10_ints(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f, int64_t g, uint64_t h,
                      int32_t i, int8_t j);
double ot_sum10_f64(double a, double b, double c, double d, double e, double f, double g, double h, double i,
                    double j);
/* 1*a + 2*b + ... + 12*l: also shows arguments that change places. Pointers count by their value. */
double ot_mix12(int8_t a, double b, uint8_t c, float d, int16_t e, double f, uint16_t g, int32_t h, int64_t i,
                bool j, uint32_t k, const void *l);

/* ---- limits.c: the most that declarations allow ----------------------------------- */

/* Each argument times its place, counted from 1. */
double ot_sum32(int8_t a0, double a1, uint8_t a2, float a3, int16_t a4, uint16_t a5, int32_t a6, uint32_t a7,
                int64_t a8, uint64_t a9, bool a10, int8_t a11, double a12, uint8_t a13, float a14, int16_t a15,
                uint16_t a16, int32_t a17, uint32_t a18, int64_t a19, uint64_t a20, bool a21, int8_t a22,
                double a23, uint8_t a24, float a25, int16_t a26, uint16_t a27, int32_t a28, uint32_t a29,
                int64_t a30, uint64_t a31);
/* Fills the cells with 1 to 32. */
void ot_out32(int32_t *a0, int32_t *a1, int32_t *a2, int32_t *a3, int32_t *a4, int32_t *a5, int32_t *a6,
              int32_t *a7, int32_t *a8, int32_t *a9, int32_t *a10, int32_t *a11, int32_t *a12, int32_t *a13,
              int32_t *a14, int32_t *a15, int32_t *a16, int32_t *a17, int32_t *a18, int32_t *a19, int32_t *a20,
              int32_t *a21, int32_t *a22, int32_t *a23, int32_t *a24, int32_t *a25, int32_t *a26, int32_t *a27,
              int32_t *a28, int32_t *a29, int32_t *a30, int32_t *a31);
/* Gives each argument its place, counted from 1; returns what the callback does. */
double ot_call_with_16(double (*callback)(int8_t, double, uint8_t, float, int16_t, uint16_t, int32_t, uint32_t,
                                          int64_t, uint64_t, bool, int8_t, double, uint8_t, float, int16_t));
/* Calls each with its place, counted from 0; returns the sum of what they return. */
int ot_call_32(int (*f0)(int), int (*f1)(int), int (*f2)(int), int (*f3)(int), int (*f4)(int), int (*f5)(int),
               int (*f6)(int), int (*f7)(int), int (*f8)(int), int (*f9)(int), int (*f10)(int), int (*f11)(int),
               int (*f12)(int), int (*f13)(int), int (*f14)(int), int (*f15)(int), int (*f16)(int),
               int (*f17)(int), int (*f18)(int), int (*f19)(int), int (*f20)(int), int (*f21)(int),
               int (*f22)(int), int (*f23)(int), int (*f24)(int), int (*f25)(int), int (*f26)(int),
               int (*f27)(int), int (*f28)(int), int (*f29)(int), int (*f30)(int), int (*f31)(int));

/* ---- time.c ----------------------------------------------------------------------- */

uint64_t ot_monotonic_ns(void);    /* CLOCK_MONOTONIC; on Linux the clock of process.hrtime */
int ot_sleep_ms(int ms);           /* sleeps, returns ms */
int ot_sleep_us(int us);           /* sleeps, returns us */
uint64_t ot_busy_us(uint32_t us);  /* burns CPU; returns how many turns it made */
uint64_t ot_thread_cpu_ns(void);   /* CPU time of this thread */

/* ---- cancel.c: native code that can be stopped, or watched ------------------------ */

/* Looks at the flag every 20 us or so. Returns the ms it ran when cancelled, -1 after max_ms. NULL: never cancelled. */
int ot_spin_until_cancelled(const volatile int32_t *flag, int max_ms);
/* The same with a probe function: non-zero is cancelled. */
int ot_spin_until_probe(int (*probe)(void), int max_ms);
/* Ticks progress after each step. Returns the steps done; fewer than `steps` when cancelled. Either pointer may be NULL. */
int ot_spin_with_progress(const volatile int32_t *flag, volatile double *progress, int steps, int us_per_step);
/* Reads the flag without pause. Returns the ot_monotonic_ns at which it was seen set, 0 after max_ms. */
uint64_t ot_await_cancel_ns(const volatile int32_t *flag, int max_ms);
/* The same, minus *set_at_ns, which the host stores before it sets the flag; -1 after max_ms. */
int64_t ot_cancel_latency_ns(const volatile int32_t *flag, const volatile uint64_t *set_at_ns, int max_ms);
/* Ignores its flag for ignore_ms, then returns 1 if it is set: slow to obey. */
int ot_slow_to_cancel(const volatile int32_t *flag, int ignore_ms);

/* ---- gates.c: meeting by handshake ------------------------------------------------ */

/* Waits until *release is non-zero. Returns the ms waited, -1 after max_ms (0: no limit). */
int ot_hang_until(const volatile int32_t *release, int max_ms);
/* Adds 1 to *entered, then waits as ot_hang_until does. */
int ot_enter_and_wait(volatile int32_t *entered, const volatile int32_t *release, int max_ms);
/* The same, then stores ot_checksum of the bytes in *checksum (1 for 0), and fills the bytes with the value. */
int ot_wait_and_fill(uint8_t *bytes, uint32_t length, uint8_t value, volatile int32_t *entered, const volatile int32_t *release,
                     volatile uint32_t *checksum);
/* The same between processes: creates the file `entered` (NULL: none), waits until the file `release` exists. */
int ot_hang_until_file(const char *entered, const char *release, int max_ms);
/* Tracks how many threads are inside at once; stays for us microseconds. Returns how many were inside on entry. */
int ot_concurrent_enter_exit(int us);
int ot_concurrency(void);
int ot_max_concurrency(void);
void ot_reset_concurrency(void);
/* Keeps its operands in static variables for us microseconds: a + b when called alone, wrong when called at once. */
int ot_not_reentrant_add(int a, int b, int us);
uint64_t ot_thread_id(void); /* the operating system's */
int ot_process_id(void);
/* For libraries bound to one thread: the first call chooses the thread; 0 on it, -1 on any other. */
int ot_bound_to_thread(void);
void ot_reset_bound_thread(void);
/* For libraries that keep state in a thread: adds to a number that each thread has for itself. Returns it. */
int ot_add_in_thread(int amount);

/* ---- threads.c: a thread of the library's own that calls back, for as long as the process lives ---------------- */

/* Calls with 0, 1, 2 … every `us` microseconds. Returns 0, or why there is no thread; at most 64 are started. */
int ot_tell_forever(void (*tell)(int), int us);
int ot_ask_forever(int (*ask)(int), int us);
int ot_answers(void); /* how often a function that was asked has answered */
int ot_answer(void);  /* its last answer */

/* ---- faults.c: native code that goes wrong ---------------------------------------- */

int ot_hang(void); /* for ever */
int ot_crash_segv(void);
int ot_crash_abort(void);
int ot_crash_signal(int signal);
int ot_crash_segv_if(int value, int poison); /* returns value; crashes on the poison */
int ot_exit(int code);      /* exit(3): runs the atexit handlers */
int ot_exit_now(int code);  /* _exit(2) */
int ot_leak(int bytes);     /* touches and loses that much memory */
int ot_eat_memory(int mb);  /* takes and touches memory in steps of 1 MB, and keeps it; returns the MB it got */
int ot_use_stack(int kb);   /* touches that much stack */
int ot_print(const char *text); /* writes to stdout, as noisy libraries do */

/* ---- dying.c: native code that takes its process with it -------------------------- */

/*
 * `how` is a way to die: the number of a signal (SIGSEGV by touching memory that is not there, SIGABRT by abort, the
 * others by raise, with what the system does by default), OT_EXIT + code for exit(3), OT_EXIT_NOW + code for _exit(2).
 * 0: lives, and returns what is said of each; ot_die returns 0.
 */
enum { OT_EXIT = 1000, OT_EXIT_NOW = 2000 };
int ot_die(int how);
int ot_die_if(int value, int poison, int how);      /* value; dies on the poison */
int ot_die_once(const char *mark, int how);         /* makes the file `mark`, and dies; 1 where that is there already */
/* Adds 1 to *entered, and dies when *how is set; -1 after max_ms. */
int ot_die_when(volatile int32_t *entered, const volatile int32_t *how, int max_ms);
/* Returns 0 at once; a thread of its own dies when *how is set: between calls, or in whatever runs. No exit(3) there. */
int ot_die_behind(const volatile int32_t *how, int max_ms);
int ot_call_then_die(int (*callback)(int), int n, int how); /* as ot_call_callback, then dies */
/* As ot_call_callback, beside a thread that dies when *how is set: within a callback, if that is when it is set. */
int ot_call_doomed(int (*callback)(int), int n, const volatile int32_t *how, int max_ms);
int ot_stream_then_die(int (*sink)(int, const uint8_t *, uint32_t), int chunks, int size, int how);
const char *ot_bad_text(void);                      /* not NULL, and whoever reads it crashes */
const char *ot_bad_text_if(int value, int poison);  /* that on the poison, else "good" */
void ot_die_freeing(void *text);                    /* a function that should free, and aborts */
const char *ot_endless_text(int mb);                /* that many MB of 'a', of 1 MB of memory; NULL where there is none */
int ot_complain(const char *text, int lines, int how); /* writes "TEXT 1" to "TEXT n" to stderr, then dies */
int ot_complain_raw(const uint8_t *bytes, uint32_t length, int how); /* writes just these bytes to stderr, then dies */
int ot_die_at_exit(int how);                        /* in an atexit handler; a signal */

/* ---- havoc.c: native code that leaves its process unfit --------------------------- */

int ot_hang_deaf(volatile int32_t *entered); /* adds 1 to *entered, and hangs for ever, deaf to SIGTERM and its like */
int ot_ignore_cancel(volatile int32_t *entered, const volatile int32_t *flag); /* the same, deaf to its flag only */
/* Stores ot_checksum of the bytes (1 for 0), and hangs for ever. */
int ot_hang_with(const uint8_t *bytes, uint32_t length, volatile uint32_t *checksum);
/* A lock in memory that processes share: 0, and *word is the holder's process id; -1 after max_ms (0: no limit). */
int ot_lock(volatile int32_t *word, int max_ms);
int ot_unlock(volatile int32_t *word);             /* 0; -1 where another process holds it, or nobody */
int ot_die_holding(volatile int32_t *word, int how);
int ot_close_descriptors(int from);                /* that one and all above: how many were open */
int ot_fork_holding(int max_ms); /* forks a process that holds every descriptor, and does nothing else; its id */
int ot_scribble(uint8_t *bytes, int before, int after, uint8_t value); /* over bytes[-before] to bytes[after - 1] */
int ot_scribble_at(const uint8_t *bytes, uint32_t offset, uint32_t length, uint32_t seed); /* from where the mapping of bytes
  begins; noise, 0 for seed 0, 0xff for UINT32_MAX: length. Linux */
int ot_garble(const uint8_t *bytes, uint32_t length); /* writes them to each socket and pipe from 3 on; how many */
int ot_limit_memory(int mb);                       /* of address space, beyond what there is: 0. Linux */
int ot_take_memory(int mb);                        /* as ot_eat_memory, but aborts where there is no more */

/* ---- text.c ----------------------------------------------------------------------- */

const char *ot_static_text(void);       /* "offtest", borrowed */
const char *ot_null_text(void);         /* NULL */
const char *ot_empty_text(void);        /* "", borrowed */
const char *ot_unicode_text(void);      /* "Grüße, 世界 🌍", borrowed */
const char *ot_invalid_text(void);      /* bytes that are not UTF-8, borrowed */
char *ot_owned_text(void);              /* "owned", release with ot_free */
char *ot_owned_null(void);              /* NULL where an owned string is declared */
char *ot_echo_owned(const char *text);  /* a copy; NULL for NULL */
char *ot_long_owned(int bytes);         /* 'a' to 'z' over and over */
void ot_free(void *text);               /* releases an owned string; NULL is fine */
void ot_not_free(void *text);           /* releases nothing */
int ot_live_strings(void);              /* owned strings not released yet */
int ot_strlen(const char *text);        /* -1 for NULL */
int ot_same_text(const char *a, const char *b);
int ot_text_out_borrowed(const char **out);            /* "borrowed" */
int ot_text_out_owned(const char *text, char **out);   /* a copy of text */
int ot_text_out_null(char **out);                      /* stores NULL */

/* ---- memory.c: cells and bytes ---------------------------------------------------- */

int ot_divmod(int a, int b, int *quotient, int *remainder); /* 0; -1 and cells untouched when b is 0 */
void ot_out_all(int8_t *a, uint8_t *b, int16_t *c, uint16_t *d, int32_t *e, uint32_t *f, int64_t *g, uint64_t *h,
                float *i, double *j, bool *k, void **l); /* the smallest of each signed type, the largest of each unsigned, 0.5, 0.1, true, (void *)0x1234 */
void ot_out_pointer(void **out, void *value);
void ot_increment(int *cell);
int64_t ot_swap(int64_t *a, int64_t *b); /* their sum */
uint64_t ot_sum_bytes(const uint8_t *bytes, size_t length);
uint32_t ot_checksum(const uint8_t *bytes, uint32_t length); /* FNV-1a; 0 for NULL */
int ot_buffer_is_null(const uint8_t *bytes);
void ot_xor_bytes(uint8_t *bytes, uint32_t length, uint8_t mask);
void ot_reverse_bytes(uint8_t *bytes, uint32_t length);
void ot_fill_bytes(uint8_t *bytes, uint32_t length, uint8_t value);
int ot_copy_bytes(uint8_t *target, const uint8_t *source, uint32_t length); /* length */
/* Fills bytes one by one with a pause after each: a buffer that is in use for a while. Returns 0, or 1 when cancelled. */
int ot_fill_slowly(uint8_t *bytes, uint32_t length, uint8_t value, int us_each, const volatile int32_t *flag);
void *ot_alloc(uint32_t bytes); /* zeroed; release with ot_release */
void ot_release(void *memory);
int ot_live_blocks(void);

/* ---- failure.c: how functions say that they failed -------------------------------- */

int ot_fail_errno(int error);      /* sets errno, returns -1 */
int ot_keep_errno(int error);      /* sets errno although it succeeded: returns 0 */
void *ot_fail_null(int error);     /* sets errno, returns NULL */
int ot_fail(int code);             /* returns code; a non-zero code sets this thread's message */
int ot_set_error(int code, const char *message); /* the same with a message of the caller's */
const char *ot_last_error(void);   /* this thread's message, "no error" when nothing failed; borrowed */
int ot_last_error_code(void);
void ot_clear_error(void);

/* ---- jobs.c: a handle with an interrupt ------------------------------------------- */

typedef struct ot_job ot_job;

int ot_job_new(ot_job **out);                 /* 0 */
int ot_job_run(ot_job *job, int max_ms);      /* 0: done, 1: interrupted, also before it ran; -1: not a live job */
/* As sqlite3_interrupt has it: an interrupt that comes before the job runs is forgotten. */
int ot_job_run_forgetful(ot_job *job, int max_ms);
void ot_job_interrupt(ot_job *job);           /* from any thread */
int ot_job_running(const ot_job *job);        /* how many runs are in progress */
int ot_job_free(ot_job *job);                 /* 0; -1 when freed already or running */
int ot_job_live(void);
int ot_job_interrupts(void);                  /* interrupts of live jobs so far */
int ot_job_bad_interrupts(void);              /* interrupts of jobs already freed: a bug of the caller */
int ot_job_bad_frees(void);                   /* frees of a job already freed, or still running */
void ot_job_reset_counters(void);

/* ---- callbacks.c ------------------------------------------------------------------ */

int ot_call_callback(int (*callback)(int), int n); /* the sum of callback(0) .. callback(n - 1) */
double ot_reduce_f64(double (*callback)(double, double), double start, int n); /* start, folded with 1 .. n */
void ot_notify(void (*callback)(int), int n);
void ot_notify_then_set(void (*callback)(int), int n, volatile int32_t *done); /* then *done = 1 */
int ot_call_with_text(int (*callback)(const char *), const char *text);
int ot_call_from_thread(int (*callback)(int), int value); /* on a thread of its own, joined */
int ot_call_if(int (*callback)(int), int value);          /* -1 for NULL */
/*
 * For every scalar type T, and for pointers:
 *   T ot_call_T(T (*)(T), T value, T *answer)   the callback's answer, also in *answer
 */
#define OT_DECLARE_CALL(name, type) type ot_call_##name(type (*callback)(type), type value, type *answer);
OT_SCALARS(OT_DECLARE_CALL)
#undef OT_DECLARE_CALL
void *ot_call_pointer(void *(*callback)(void *), void *value, void **answer);
/* One argument of every type, each with its least value or each with its greatest; NULL is the least pointer. */
int ot_call_with_all(int (*callback)(int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, uint64_t, float,
                                     double, bool, void *),
                     bool greatest);
/* With n pointers, 0x1001 apart from NULL on; with NULL itself when n is 0. At most 16. */
int ot_call_with_pointers(int (*callback)(int, void **), int n);
/*
 * Rows as sqlite3_exec gives them: context, number of columns, values, names. The value in row r and column c is
 * "r1c2", NULL where (r + c) % 5 is 4. At most 8 columns. Returns 0, or 4 when the callback did not return 0.
 */
int ot_select(int (*row)(void *, int, char **, char **), void *context, int rows, int columns);
/* Stores callback(i) in answers[i] for 0 .. n - 1, whatever the answers are. Returns n. */
int ot_ask(int (*callback)(int), int n, volatile int32_t *answers);
int ot_interleave(int (*a)(int), int (*b)(int), int n); /* a(0), b(0), a(1), b(1) ..: a's answers minus b's */
/* callback(0), then waits as ot_enter_and_wait does, then callback(1). Returns the sum. */
int ot_call_then_wait(int (*callback)(int), volatile int32_t *entered, const volatile int32_t *release, int max_ms);
void *ot_callback_address(int (*callback)(int)); /* calls it once with 0 */
int ot_call_until_probe(int (*callback)(int), int (*probe)(void), int most); /* how often, until the probe is non-zero */
/* Adds 1 to *asked each time. Returns how often it asked until the probe was non-zero; -1 after max_ms. */
int ot_ask_probe(int (*probe)(void), volatile int32_t *asked, int max_ms);

/* Each thread keeps one callback of each kind for its later calls. NULL forgets it. */
void ot_keep_callback(int (*callback)(int));
int ot_ask_kept(int n, volatile int32_t *answers); /* ot_ask with the kept one; -1 without one */
void ot_keep_sink(int (*sink)(int, const uint8_t *, uint32_t));
int ot_pour(int chunks, int size); /* ot_stream_chunks with the kept one; -1 without one */
void ot_keep_probe(int (*probe)(void));
int ot_ask_kept_probe(volatile int32_t *asked, int max_ms); /* ot_ask_probe with the kept one; 0 without one */

/* ---- streams.c -------------------------------------------------------------------- */

/*
 * Calls back `chunks` times with the index, `size` bytes of value index & 255, and size, until the callback returns
 * non-zero. The bytes are one buffer, used again for each. Returns how many chunks were accepted.
 */
int ot_stream_chunks(int (*callback)(int, const uint8_t *, uint32_t), int chunks, int size);
/* The same with a pause before each chunk. */
int ot_stream_slowly(int (*callback)(int, const uint8_t *, uint32_t), int chunks, int size, int us_each);
/* The same with a size for each chunk. */
int ot_stream_sizes(int (*sink)(int, const uint8_t *, uint32_t), const uint32_t *sizes, int chunks);
/* The same; *begun is the number of chunks that it has called back with, the one in hand included. */
int ot_stream_tracked(int (*sink)(int, const uint8_t *, uint32_t), int chunks, int size, volatile int32_t *begun);
/* The same, but only its flag stops it. Returns how many chunks it sent. */
int ot_stream_until_cancelled(int (*sink)(int, const uint8_t *, uint32_t), int chunks, int size, int us_each,
                              const volatile int32_t *flag);
/* The same, but nothing stops it. At its end *refused is how often the sink answered other than 0. */
int ot_stream_deaf(int (*sink)(int, const uint8_t *, uint32_t), int chunks, int size, volatile int32_t *refused);
/* As ot_stream_chunks, then fails as ot_fail(code) does. */
int ot_stream_then_fail(int (*sink)(int, const uint8_t *, uint32_t), int chunks, int size, int code);
/* The first half of the chunks, then waits as ot_enter_and_wait does, then the others. */
int ot_stream_gated(int (*sink)(int, const uint8_t *, uint32_t), int chunks, int size, volatile int32_t *entered,
                    const volatile int32_t *release, int max_ms);
/* Before each chunk it asks with the chunk's index whether there are more. */
int ot_stream_while(int (*more)(int), int (*sink)(int, const uint8_t *, uint32_t), int size);
/* As libcurl writes: goes on as long as the writer returns the length. Returns how many chunks were accepted. */
int ot_write_all(uint32_t (*writer)(const uint8_t *, uint32_t), int chunks, int size);

#endif /* OFFTEST_H */
