/* How functions say that they failed: errno, return values, a last error in thread-local storage. */
#include "offtest.h"

#include <errno.h>
#include <stdio.h>

static __thread int last_code = 0;
static __thread char last_message[256] = "no error";

int ot_fail_errno(int error) {
  errno = error;
  return -1;
}

int ot_keep_errno(int error) {
  errno = error;
  return 0;
}

void *ot_fail_null(int error) {
  errno = error;
  return NULL;
}

int ot_set_error(int code, const char *message) {
  if (code != 0) {
    last_code = code;
    snprintf(last_message, sizeof last_message, "%s", message == NULL ? "" : message);
  }
  return code;
}

int ot_fail(int code) {
  char message[64];
  snprintf(message, sizeof message, "failed with code %d", code);
  return ot_set_error(code, message);
}

const char *ot_last_error(void) { return last_message; }

int ot_last_error_code(void) { return last_code; }

void ot_clear_error(void) {
  last_code = 0;
  snprintf(last_message, sizeof last_message, "no error");
}
