/* The most that declarations allow: parameters, those of callbacks, out cells, and functions that are given. */
#include "offtest.h"

double ot_sum32(int8_t a0, double a1, uint8_t a2, float a3, int16_t a4, uint16_t a5, int32_t a6, uint32_t a7,
                int64_t a8, uint64_t a9, bool a10, int8_t a11, double a12, uint8_t a13, float a14, int16_t a15,
                uint16_t a16, int32_t a17, uint32_t a18, int64_t a19, uint64_t a20, bool a21, int8_t a22,
                double a23, uint8_t a24, float a25, int16_t a26, uint16_t a27, int32_t a28, uint32_t a29,
                int64_t a30, uint64_t a31) {
  return 1.0 * (double)a0 + 2.0 * (double)a1 + 3.0 * (double)a2 + 4.0 * (double)a3 +
         5.0 * (double)a4 + 6.0 * (double)a5 + 7.0 * (double)a6 + 8.0 * (double)a7 +
         9.0 * (double)a8 + 10.0 * (double)a9 + 11.0 * (double)a10 + 12.0 * (double)a11 +
         13.0 * (double)a12 + 14.0 * (double)a13 + 15.0 * (double)a14 + 16.0 * (double)a15 +
         17.0 * (double)a16 + 18.0 * (double)a17 + 19.0 * (double)a18 + 20.0 * (double)a19 +
         21.0 * (double)a20 + 22.0 * (double)a21 + 23.0 * (double)a22 + 24.0 * (double)a23 +
         25.0 * (double)a24 + 26.0 * (double)a25 + 27.0 * (double)a26 + 28.0 * (double)a27 +
         29.0 * (double)a28 + 30.0 * (double)a29 + 31.0 * (double)a30 + 32.0 * (double)a31;
}

void ot_out32(int32_t *a0, int32_t *a1, int32_t *a2, int32_t *a3, int32_t *a4, int32_t *a5, int32_t *a6,
              int32_t *a7, int32_t *a8, int32_t *a9, int32_t *a10, int32_t *a11, int32_t *a12, int32_t *a13,
              int32_t *a14, int32_t *a15, int32_t *a16, int32_t *a17, int32_t *a18, int32_t *a19, int32_t *a20,
              int32_t *a21, int32_t *a22, int32_t *a23, int32_t *a24, int32_t *a25, int32_t *a26, int32_t *a27,
              int32_t *a28, int32_t *a29, int32_t *a30, int32_t *a31) {
  int32_t *const cells[] = {a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18,
                            a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31};
  for (int i = 0; i < 32; i++) *cells[i] = i + 1;
}

double ot_call_with_16(double (*callback)(int8_t, double, uint8_t, float, int16_t, uint16_t, int32_t, uint32_t,
                                          int64_t, uint64_t, bool, int8_t, double, uint8_t, float, int16_t)) {
  return callback(1, 2.0, 3, 4.0f, 5, 6, 7, 8, 9, 10, true, 12, 13.0, 14, 15.0f, 16);
}

int ot_call_32(int (*f0)(int), int (*f1)(int), int (*f2)(int), int (*f3)(int), int (*f4)(int), int (*f5)(int),
               int (*f6)(int), int (*f7)(int), int (*f8)(int), int (*f9)(int), int (*f10)(int), int (*f11)(int),
               int (*f12)(int), int (*f13)(int), int (*f14)(int), int (*f15)(int), int (*f16)(int),
               int (*f17)(int), int (*f18)(int), int (*f19)(int), int (*f20)(int), int (*f21)(int),
               int (*f22)(int), int (*f23)(int), int (*f24)(int), int (*f25)(int), int (*f26)(int),
               int (*f27)(int), int (*f28)(int), int (*f29)(int), int (*f30)(int), int (*f31)(int)) {
  int (*const functions[])(int) = {f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16,
                                   f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30, f31};
  int sum = 0;
  for (int i = 0; i < 32; i++) sum += functions[i](i);
  return sum;
}
