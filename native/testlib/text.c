/* Strings: borrowed, owned, missing, long, not ASCII. */
#include "offtest.h"

#include <stdlib.h>
#include <string.h>

static int live = 0;

static char *own(char *text) {
  if (text != NULL) __atomic_add_fetch(&live, 1, __ATOMIC_ACQ_REL);
  return text;
}

const char *ot_static_text(void) { return "offtest"; }

const char *ot_null_text(void) { return NULL; }

const char *ot_empty_text(void) { return ""; }

const char *ot_unicode_text(void) {
  return "Gr\xc3\xbc\xc3\x9f" "e, \xe4\xb8\x96\xe7\x95\x8c \xf0\x9f\x8c\x8d";
}

const char *ot_invalid_text(void) { return "a\xff\xfe" "b"; }

char *ot_owned_text(void) { return ot_echo_owned("owned"); }

char *ot_owned_null(void) { return NULL; }

char *ot_echo_owned(const char *text) { return text == NULL ? NULL : own(strdup(text)); }

char *ot_long_owned(int bytes) {
  const size_t length = bytes < 0 ? 0 : (size_t)bytes;
  char *text = malloc(length + 1);
  if (text == NULL) return NULL;
  for (size_t i = 0; i < length; i++) text[i] = (char)('a' + i % 26);
  text[length] = '\0';
  return own(text);
}

void ot_free(void *text) {
  if (text == NULL) return;
  __atomic_sub_fetch(&live, 1, __ATOMIC_ACQ_REL);
  free(text);
}

void ot_not_free(void *text) { (void)text; }

int ot_live_strings(void) { return __atomic_load_n(&live, __ATOMIC_ACQUIRE); }

int ot_strlen(const char *text) { return text == NULL ? -1 : (int)strlen(text); }

int ot_same_text(const char *a, const char *b) {
  if (a == NULL || b == NULL) return a == b;
  return strcmp(a, b) == 0;
}

int ot_text_out_borrowed(const char **out) {
  *out = "borrowed";
  return 0;
}

int ot_text_out_owned(const char *text, char **out) {
  *out = ot_echo_owned(text);
  return 0;
}

int ot_text_out_null(char **out) {
  *out = NULL;
  return 0;
}
