/*
 * offthread.h: two small helpers for native functions that offthread runs.
 *
 * A native function that takes a cancel flag can be stopped while it runs, and
 * one that takes a progress cell can be watched. Both are plain pointers which
 * offthread fills in; the header only reads and writes them with the right
 * memory order. It needs nothing but <stddef.h> and <stdint.h>, links to
 * nothing, and works in C99 and C++.
 *
 *   #include "offthread.h"
 *
 *   int crunch(int steps, const volatile int32_t *cancelled, volatile double *progress) {
 *     for (int i = 0; i < steps; i++) {
 *       if (offthread_cancelled(cancelled)) return 1;  // tidy up, then return
 *       one_step(i);
 *       offthread_progress(progress, i + 1, steps);
 *     }
 *     return 0;
 *   }
 *
 * and in JavaScript:
 *
 *   const lib = await pool.open('./libcrunch.so', {
 *     crunch: { arguments: ['i32', 'cancelFlag', 'progress'], return: 'i32' },
 *   });
 *   const call = lib.crunch(1000);   // call.progress moves; call.cancel() stops it
 *
 * Rules:
 * - The pointers are valid until the function returns. Do not keep them.
 * - Both helpers accept NULL, so the function also works for other callers.
 * - Both cost about as much as a plain memory access: call them in inner loops.
 * - The function decides what to return when it was cancelled; offthread has
 *   already decided how the call ends, so the value is only for the author.
 */
#ifndef OFFTHREAD_H
#define OFFTHREAD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Non-zero once the call has been cancelled or has run out of time.
 *
 * An acquire load: what the host wrote before it set the flag is visible to the
 * code that sees it set. The flag never goes back to zero during a call.
 */
static inline int offthread_cancelled(const volatile int32_t *flag) {
  if (flag == NULL) return 0;
#if defined(__GNUC__) || defined(__clang__)
  return __atomic_load_n(flag, __ATOMIC_ACQUIRE) != 0;
#else
  return *flag != 0; /* an aligned 32-bit volatile read: never torn, though without the ordering */
#endif
}

/*
 * Tells the host how far the call has come: `done` of `total`, in any unit.
 * A total of 0 means that it is not known.
 *
 * progress[0] is done and progress[1] is total. The host reads them while they
 * are written, so each is stored whole, and `total` is stored before `done`
 * (release): a host that reads done first, then total (acquire), never sees a
 * new `done` beside an older `total`. The other way about is possible, a new
 * total beside the previous done, so while a job grows the fraction may dip
 * for an instant, but it does not pass 1. Only a total that shrinks (a new
 * phase) can show more than 1 for one reading; offthread caps it.
 *
 * One thread at a time writes a call's progress: a job with several threads
 * adds up in one of them.
 */
static inline void offthread_progress(volatile double *progress, double done, double total) {
  if (progress == NULL) return;
#if defined(__GNUC__) || defined(__clang__)
  __atomic_store(progress + 1, &total, __ATOMIC_RELAXED);
  __atomic_store(progress, &done, __ATOMIC_RELEASE);
#else
  progress[1] = total;
  progress[0] = done;
#endif
}

#ifdef __cplusplus
}
#endif

#endif /* OFFTHREAD_H */
