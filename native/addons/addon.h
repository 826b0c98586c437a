/* What the add-ons of the tests share: Node-API without its ceremony. */
#ifndef OFFTEST_ADDON_H
#define OFFTEST_ADDON_H

#include <node_api.h>
#include <stdint.h>
#include <time.h>

#define ADDON_INIT NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports)

/* The version of Node-API that the add-on asks for. */
NAPI_MODULE_EXPORT int32_t node_api_module_get_api_version_v1(void);

static inline uint64_t addon_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static inline void addon_sleep_ms(int64_t ms) {
  const struct timespec pause = {ms / 1000, (ms % 1000) * 1000000};
  nanosleep(&pause, NULL);
}

static inline void addon_export(napi_env env, napi_value exports, const char *name, napi_callback run) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, run, NULL, &function) == napi_ok)
    napi_set_named_property(env, exports, name, function);
}

/* Arguments that are missing are undefined. */
static inline void addon_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
}

static inline int64_t addon_integer(napi_env env, napi_value value) {
  int64_t number = 0;
  napi_get_value_int64(env, value, &number);
  return number;
}

static inline napi_value addon_number(napi_env env, double number) {
  napi_value value = NULL;
  napi_create_double(env, number, &value);
  return value;
}

#endif
