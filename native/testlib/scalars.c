/* Scalars: identity, sums and many arguments. */
#include "offtest.h"

/* Sums are made in unsigned arithmetic, where wrapping is defined. */
#define OT_PLUS_i8(a, b) ((int8_t)(uint8_t)((uint8_t)(a) + (uint8_t)(b)))
#define OT_PLUS_u8(a, b) ((uint8_t)((a) + (b)))
#define OT_PLUS_i16(a, b) ((int16_t)(uint16_t)((uint16_t)(a) + (uint16_t)(b)))
#define OT_PLUS_u16(a, b) ((uint16_t)((a) + (b)))
#define OT_PLUS_i32(a, b) ((int32_t)((uint32_t)(a) + (uint32_t)(b)))
#define OT_PLUS_u32(a, b) ((a) + (b))
#define OT_PLUS_i64(a, b) ((int64_t)((uint64_t)(a) + (uint64_t)(b)))
#define OT_PLUS_u64(a, b) ((a) + (b))
#define OT_PLUS_size(a, b) ((a) + (b))
#define OT_PLUS_f32(a, b) ((a) + (b))
#define OT_PLUS_f64(a, b) ((a) + (b))
#define OT_PLUS_bool(a, b) ((a) || (b))

#define OT_DEFINE(name, type)                                                       \
  type ot_id_##name(type value) { return value; }                                   \
  type ot_add_##name(type a, type b) { return OT_PLUS_##name(a, b); }               \
  int64_t ot_widen_##name(type value) { return (int64_t)value; }                    \
  void ot_out_##name(type *out, type value) { *out = value; }                       \
  void ot_inout_##name(type *cell, type amount) { *cell = OT_PLUS_##name(*cell, amount); }
OT_SCALARS(OT_DEFINE)

void *ot_id_pointer(void *value) { return value; }

void *ot_add_pointer(void *value, int64_t bytes) { return (void *)((uintptr_t)value + (uintptr_t)bytes); }

int ot_is_null(const void *value) { return value == NULL; }

int ot_add(int a, int b) { return OT_PLUS_i32(a, b); }

void ot_nothing(void) {}

int64_t ot_sum10_i32(int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, int32_t f, int32_t g, int32_t h,
                     int32_t i, int32_t j) {
  return (int64_t)a + b + c + d + e + f + g + h + i + j;
}

int64_t ot_sum10_ints(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f, int64_t g, uint64_t h,
                      int32_t i, int8_t j) {
  return (int64_t)((uint64_t)((int64_t)a + b + c + d + e + f + i + j) + (uint64_t)g + h);
}

double ot_sum10_f64(double a, double b, double c, double d, double e, double f, double g, double h, double i,
                    double j) {
  return a + b + c + d + e + f + g + h + i + j;
}

double ot_mix12(int8_t a, double b, uint8_t c, float d, int16_t e, double f, uint16_t g, int32_t h, int64_t i,
                bool j, uint32_t k, const void *l) {
  return 1.0 * a + 2.0 * b + 3.0 * c + 4.0 * (double)d + 5.0 * e + 6.0 * f + 7.0 * g + 8.0 * h +
         9.0 * (double)i + 10.0 * (j ? 1 : 0) + 11.0 * k + 12.0 * (double)(uintptr_t)l;
}
