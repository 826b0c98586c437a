/* An add-on whose unloading crashes: its destructor uses what the environment's clean-up has freed. */
#include "addon.h"

#include <stdlib.h>

int32_t node_api_module_get_api_version_v1(void) { return 8; }

static volatile int *volatile state;

static void clean_up(void *data) {
  free(data);
  state = NULL;
}

__attribute__((destructor)) static void unload(void) { *state += 1; }

static napi_value answer(napi_env env, napi_callback_info info) {
  (void)info;
  return addon_number(env, *state);
}

ADDON_INIT {
  int *const fresh = malloc(sizeof *fresh);
  *fresh = 42;
  state = fresh;
  napi_add_env_cleanup_hook(env, clean_up, fresh);
  addon_export(env, exports, "answer", answer);
  return exports;
}
