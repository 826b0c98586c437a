/* An add-on that crashes while it is loaded. */
#include "addon.h"

int32_t node_api_module_get_api_version_v1(void) { return 8; }

ADDON_INIT {
  (void)env;
  volatile int *volatile nowhere = NULL;
  *nowhere = 1;
  return exports;
}
