/*
 * An add-on that registers itself by a static constructor and exports no function for it, as the macros of Node-API did
 * for a long time. Such an add-on has to be unmapped with its last thread: the constructor runs only when it is mapped.
 */
#include "addon.h"

static napi_value answer(napi_env env, napi_callback_info info) {
  (void)info;
  return addon_number(env, 42);
}

static napi_value init(napi_env env, napi_value exports) {
  addon_export(env, exports, "answer", answer);
  return exports;
}

static napi_module module = {1, 0, __FILE__, init, "constructed", NULL, {0}};

__attribute__((constructor)) static void register_module(void) { napi_module_register(&module); }
