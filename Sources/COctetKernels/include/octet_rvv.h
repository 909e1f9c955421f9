// RISC-V's vectors (V, of any length from 128 bits on): the loops that Swift cannot name, with the
// names of octet_mve.h. They become part of the Swift that calls them: see
// Sources/OctetRuntime/Rows.
#pragma once

#include <riscv_vector.h>
#include <stdint.h>

#include "octet_rows.h"

// Adds the products of a vector with one row to the lanes of `sums`; those beyond stay.
#define OCTET_ADD_PRODUCTS(sums, row)                                              \
  sums = __riscv_vwadd_wv_i32m4_tu(                                                \
      sums, sums, __riscv_vwmul_vv_i16m2(values, __riscv_vle8_v_i8m1(row, vl), vl), vl)
#define OCTET_ADD_LANES(sums)                                                      \
  __riscv_vmv_x_s_i32m1_i32(__riscv_vredsum_vs_i32m4_i32m1(sums, zero, lanes))

// The sums of the products of `x` with four rows, one a lane.
OCTET_LEAF octet_words octet_dot_rows(
    const int8_t *_Nonnull x, octet_rows rows, int32_t count) {
  size_t lanes = __riscv_vsetvlmax_e32m4();
  vint32m4_t a = __riscv_vmv_v_x_i32m4(0, lanes), b = a, c = a, d = a;
  vint32m1_t zero = __riscv_vmv_s_x_i32m1(0, 1);
  for (size_t vl, left = (size_t)count; left > 0; left -= vl) {
    vl = __riscv_vsetvl_e8m1(left);
    vint8m1_t values = __riscv_vle8_v_i8m1(x, vl);
    OCTET_ADD_PRODUCTS(a, rows.a);
    OCTET_ADD_PRODUCTS(b, rows.b);
    OCTET_ADD_PRODUCTS(c, rows.c);
    OCTET_ADD_PRODUCTS(d, rows.d);
    x += vl, rows.a += vl, rows.b += vl, rows.c += vl, rows.d += vl;
  }
  return (octet_words){OCTET_ADD_LANES(a), OCTET_ADD_LANES(b), OCTET_ADD_LANES(c),
                       OCTET_ADD_LANES(d)};
}

// `requantize` of FixedPoint.swift, the zero point and the range, of up to two registers of lanes.
// VSMUL and VSSRA round ties up (the rounding mode 0); 1 less for negative values makes that away
// from zero, unless there is no shift.
OCTET_LEAF vint32m2_t octet_requantize_lanes(
    vint32m2_t sums, vint32m2_t multiplier, vint32m2_t shift, octet_range range, size_t vl) {
  vuint32m2_t left = __riscv_vreinterpret_v_i32m2_u32m2(__riscv_vmax_vx_i32m2(shift, 0, vl));
  vint32m2_t by = __riscv_vmin_vx_i32m2(shift, 0, vl);
  vuint32m2_t right = __riscv_vreinterpret_v_i32m2_u32m2(__riscv_vneg_v_i32m2(by, vl));
  vint32m2_t value = __riscv_vsll_vv_i32m2(sums, left, vl);
  value = __riscv_vsmul_vv_i32m2(value, multiplier, __RISCV_VXRM_RNU, vl);
  vint32m2_t ties = __riscv_vsra_vx_i32m2(__riscv_vand_vv_i32m2(value, by, vl), 31, vl);
  value = __riscv_vssra_vv_i32m2(
      __riscv_vadd_vv_i32m2(value, ties, vl), right, __RISCV_VXRM_RNU, vl);
  value = __riscv_vadd_vx_i32m2(value, range.zero_point, vl);
  value = __riscv_vmax_vx_i32m2(value, range.lower, vl);
  return __riscv_vmin_vx_i32m2(value, range.upper, vl);
}

OCTET_LEAF octet_words octet_requantize_words(
    octet_words sums, octet_words multiplier, octet_words shift, octet_range range) {
  vint32m2_t value = octet_requantize_lanes(
      __riscv_vle32_v_i32m2((const int32_t *)&sums, 4),
      __riscv_vle32_v_i32m2((const int32_t *)&multiplier, 4),
      __riscv_vle32_v_i32m2((const int32_t *)&shift, 4), range, 4);
  octet_words result;
  __riscv_vse32_v_i32m2((int32_t *)&result, value, 4);
  return result;
}

// The first `count` lanes, 1 to 4, each of a step further.
OCTET_LEAF void octet_store_lanes(
    int8_t *_Nonnull target, int32_t step, octet_words values, int32_t count) {
  for (int32_t lane = 0; lane < count; lane++, target += step) *target = (int8_t)values[lane];
}

// The first `count` words, 1 to 4, then zeros; and the same of int8.
OCTET_LEAF octet_words octet_load_words(const int32_t *_Nonnull from, int32_t count) {
  octet_words words = {0, 0, 0, 0};
  for (int32_t lane = 0; lane < count; lane++) words[lane] = from[lane];
  return words;
}
OCTET_LEAF octet_words octet_load_widened(const int8_t *_Nonnull from, int32_t count) {
  octet_words words = {0, 0, 0, 0};
  for (int32_t lane = 0; lane < count; lane++) words[lane] = from[lane];
  return words;
}

// MARK: Depthwise

// Eight channels of a window.
OCTET_LEAF void octet_compute_window(
    octet_window window, octet_eight constants, octet_range range, int8_t *_Nonnull target) {
  enum { LANES = 8 };
  int8_t padding[LANES];
  __riscv_vse8_v_i8mf2(
      padding, __riscv_vmv_v_x_i8mf2((int8_t)window.padding, LANES), LANES);
  vint32m2_t sums = __riscv_vle32_v_i32m2(constants.bias, LANES);
  const int8_t *row = window.values, *weights = window.weights;
  for (int32_t y = 0; y < window.rows; y++, row += window.row_step) {
    int is_row = y >= window.top && y < window.bottom;
    // Taps before, in and after the image. The padding stands still.
    for (int32_t x = 0, end; x < window.columns; x = end) {
      int is_inside = is_row && x >= window.left && x < window.right;
      end = !is_row || x >= window.right ? window.columns
            : is_inside                  ? window.right
                                         : window.left;
      const int8_t *at = is_inside ? row + x * window.column_step : padding;
      int32_t step = is_inside ? window.column_step : 0;
      for (int32_t left = end - x; left > 0; left--, at += step, weights += window.channels) {
        vint16m1_t products = __riscv_vwmul_vv_i16m1(
            __riscv_vle8_v_i8mf2(at, LANES), __riscv_vle8_v_i8mf2(weights, LANES), LANES);
        sums = __riscv_vwadd_wv_i32m2(sums, products, LANES);
      }
    }
  }
  vint32m2_t shift =
      __riscv_vsext_vf4_i32m2(__riscv_vle8_v_i8mf2(constants.shifts, LANES), LANES);
  vint32m2_t value = octet_requantize_lanes(
      sums, __riscv_vle32_v_i32m2(constants.multipliers, LANES), shift, range, LANES);
  __riscv_vse8_v_i8mf2(
      target,
      __riscv_vncvt_x_x_w_i8mf2(__riscv_vncvt_x_x_w_i16m1(value, LANES), LANES), LANES);
}
