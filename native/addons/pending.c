/*
 * An add-on that works in the background from its first moment, and aborts when its work ends in an environment that runs
 * no JavaScript any more. node-addon-api does so (its exceptions are not caught there), and with it bcrypt and argon2. The
 * thread can end by itself, which waits for the work; it cannot be terminated meanwhile.
 */
#include "addon.h"

#include <stdlib.h>

enum { WORK_MS = 1000 };

int32_t node_api_module_get_api_version_v1(void) { return 8; }

static void work(napi_env env, void *data) {
  (void)env;
  (void)data;
  addon_sleep_ms(WORK_MS);
}

static void done(napi_env env, napi_status status, void *data) {
  napi_value global, undefined;
  (void)status;
  (void)data;
  napi_get_global(env, &global);
  napi_get_undefined(env, &undefined);
  if (napi_set_named_property(env, global, "pendingAddOnIsDone", undefined) != napi_ok) abort();
}

ADDON_INIT {
  napi_value name;
  napi_async_work job;
  napi_create_string_utf8(env, "pending", NAPI_AUTO_LENGTH, &name);
  napi_create_async_work(env, NULL, name, work, done, NULL, &job);
  napi_queue_async_work(env, job);
  return exports;
}
