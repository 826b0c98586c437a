/* An add-on that is not context-aware: it keeps its state in static data, and refuses to be loaded by a second thread. */
#include "addon.h"

int32_t node_api_module_get_api_version_v1(void) { return 8; }

static int loads;

static napi_value count_loads(napi_env env, napi_callback_info info) {
  (void)info;
  return addon_number(env, loads);
}

ADDON_INIT {
  if (__atomic_fetch_add(&loads, 1, __ATOMIC_ACQ_REL) > 0) {
    napi_throw_error(env, NULL, "This add-on is loaded in another thread.");
    return NULL;
  }
  addon_export(env, exports, "loads", count_loads);
  return exports;
}
