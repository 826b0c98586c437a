/*
 * An add-on that may run in any thread:
 *
 *   block(ms)               sleeps; returns ms
 *   compute(rounds)         a hash of that many rounds, without looking at anything else
 *   poll(flag, maxMs)       sleeps until the first word of an Int32Array is not 0; returns ms that passed, or -1 at maxMs
 *   enter(words, maxMs)     adds 1 to words[0], then waits like `poll` for words[1]
 *   visit(count, visitor)   calls visitor(i) for each i below count, and returns the sum of what it returns
 *   later(ms)               a promise; a thread of libuv's pool sleeps meanwhile
 *   crash()                 writes to address 0
 */
#include "addon.h"

#include <stdlib.h>

enum { PAUSE_US = 200 };

int32_t node_api_module_get_api_version_v1(void) { return 8; }

static napi_value block_thread(napi_env env, napi_callback_info info) {
  napi_value values[1];
  addon_arguments(env, info, 1, values);
  const int64_t ms = addon_integer(env, values[0]);
  addon_sleep_ms(ms);
  return addon_number(env, (double)ms);
}

static napi_value compute(napi_env env, napi_callback_info info) {
  napi_value values[1];
  addon_arguments(env, info, 1, values);
  uint32_t hash = 2166136261u;
  for (int64_t round = addon_integer(env, values[0]); round > 0; round -= 1) hash = (hash ^ (uint32_t)round) * 16777619u;
  return addon_number(env, hash);
}

static volatile int32_t *words_of(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t length = 0;
  void *data = NULL;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, NULL, NULL) != napi_ok || type != napi_int32_array) {
    napi_throw_type_error(env, NULL, "The flag is not an Int32Array.");
    return NULL;
  }
  return data;
}

static napi_value wait_for(napi_env env, const volatile int32_t *word, int64_t max_ms) {
  const struct timespec pause = {0, PAUSE_US * 1000};
  const uint64_t start = addon_now_ms();
  while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == 0) {
    if (max_ms > 0 && addon_now_ms() - start >= (uint64_t)max_ms) return addon_number(env, -1);
    nanosleep(&pause, NULL);
  }
  return addon_number(env, (double)(addon_now_ms() - start));
}

static napi_value poll_flag(napi_env env, napi_callback_info info) {
  napi_value values[2];
  addon_arguments(env, info, 2, values);
  const volatile int32_t *const flag = words_of(env, values[0]);
  return flag == NULL ? NULL : wait_for(env, flag, addon_integer(env, values[1]));
}

static napi_value enter(napi_env env, napi_callback_info info) {
  napi_value values[2];
  addon_arguments(env, info, 2, values);
  volatile int32_t *const words = words_of(env, values[0]);
  if (words == NULL) return NULL;
  __atomic_add_fetch(&words[0], 1, __ATOMIC_ACQ_REL);
  return wait_for(env, &words[1], addon_integer(env, values[1]));
}

static napi_value visit(napi_env env, napi_callback_info info) {
  napi_value values[2];
  addon_arguments(env, info, 2, values);
  const int64_t count = addon_integer(env, values[0]);
  double sum = 0;
  for (int64_t at = 0; at < count; at += 1) {
    napi_value self, answer;
    double number = 0;
    napi_value argument = addon_number(env, (double)at);
    napi_get_undefined(env, &self);
    if (napi_call_function(env, self, values[1], 1, &argument, &answer) != napi_ok) return NULL;
    napi_get_value_double(env, answer, &number);
    sum += number;
  }
  return addon_number(env, sum);
}

struct later {
  napi_async_work work;
  napi_deferred deferred;
  int64_t ms;
};

static void sleep_later(napi_env env, void *data) {
  (void)env;
  addon_sleep_ms(((struct later *)data)->ms);
}

static void settle_later(napi_env env, napi_status status, void *data) {
  struct later *const later = data;
  if (status == napi_ok) napi_resolve_deferred(env, later->deferred, addon_number(env, (double)later->ms));
  napi_delete_async_work(env, later->work);
  free(later);
}

static napi_value later(napi_env env, napi_callback_info info) {
  napi_value values[1], name, promise = NULL;
  addon_arguments(env, info, 1, values);
  struct later *const later = calloc(1, sizeof *later);
  later->ms = addon_integer(env, values[0]);
  napi_create_promise(env, &later->deferred, &promise);
  napi_create_string_utf8(env, "later", NAPI_AUTO_LENGTH, &name);
  napi_create_async_work(env, NULL, name, sleep_later, settle_later, later, &later->work);
  napi_queue_async_work(env, later->work);
  return promise;
}

static napi_value crash(napi_env env, napi_callback_info info) {
  (void)info;
  volatile int *volatile nowhere = NULL;
  *nowhere = 1;
  return addon_number(env, 0);
}

ADDON_INIT {
  addon_export(env, exports, "block", block_thread);
  addon_export(env, exports, "compute", compute);
  addon_export(env, exports, "poll", poll_flag);
  addon_export(env, exports, "enter", enter);
  addon_export(env, exports, "visit", visit);
  addon_export(env, exports, "later", later);
  addon_export(env, exports, "crash", crash);
  return exports;
}
