// Helium (Armv8.1-M's vectors, MVE): the loops of Cortex-M55 that Swift cannot name. They become
// part of the Swift that calls them: see Sources/OctetRuntime/Rows.
#pragma once

#include <arm_mve.h>
#include <stdint.h>

#include "octet_rows.h"

// The sums of the products of `x` with four rows, one a lane. The loop's predicate leaves out what
// is beyond `count`, so nothing there is read. VMLADAVA adds to registers with even numbers only.
OCTET_LEAF octet_words octet_dot_rows(
    const int8_t *_Nonnull x, octet_rows rows, int32_t count) {
  int32_t a = 0, b = 0, c = 0, d = 0;
  __asm volatile(
      "dlstp.8 lr, %[count]\n"
      "1: vldrb.8 q0, [%[x]], #16\n vldrb.8 q1, [%[ra]], #16\n"
      "vmladava.s8 %[a], q0, q1\n vldrb.8 q2, [%[rb]], #16\n"
      "vmladava.s8 %[b], q0, q2\n vldrb.8 q1, [%[rc]], #16\n"
      "vmladava.s8 %[c], q0, q1\n vldrb.8 q2, [%[rd]], #16\n"
      "vmladava.s8 %[d], q0, q2\n letp lr, 1b\n"
      : [a] "+Te"(a), [b] "+Te"(b), [c] "+Te"(c), [d] "+Te"(d), [x] "+r"(x), [ra] "+r"(rows.a),
        [rb] "+r"(rows.b), [rc] "+r"(rows.c), [rd] "+r"(rows.d)
      : [count] "r"(count)
      : "lr", "q0", "q1", "q2", "memory");
  return (octet_words){a, b, c, d};
}

// Copies bytes between places that do not overlap.
OCTET_LEAF void octet_copy_bytes(
    int8_t *_Nonnull to, const int8_t *_Nonnull from, int32_t count) {
  __asm volatile(
      "wlstp.8 lr, %[count], 2f\n"
      "1: vldrb.8 q0, [%[from]], #16\n vstrb.8 q0, [%[to]], #16\n letp lr, 1b\n2:\n"
      : [from] "+r"(from), [to] "+r"(to)
      : [count] "r"(count)
      : "lr", "q0", "memory");
}

// `requantize` of FixedPoint.swift, the zero point and the range. VRSHL rounds ties up; 1 less for
// negative values makes that away from zero, unless there is no shift.
OCTET_LEAF octet_words octet_requantize_words(
    octet_words sums, octet_words multiplier, octet_words shift, octet_range range) {
  int32x4_t zero = vdupq_n_s32(0), by = (int32x4_t)shift, right = vminq_s32(by, zero);
  int32x4_t value = vrshlq_s32((int32x4_t)sums, vmaxq_s32(by, zero));
  value = vqrdmulhq_s32(value, (int32x4_t)multiplier);
  value = vrshlq_s32(vaddq_s32(value, vshrq_n_s32(vandq_s32(value, right), 31)), right);
  value = vaddq_n_s32(value, range.zero_point);
  value = vmaxq_s32(value, vdupq_n_s32(range.lower));
  return (octet_words)vminq_s32(value, vdupq_n_s32(range.upper));
}

// The first `count` lanes, 1 to 4, each of a step further.
OCTET_LEAF void octet_store_lanes(
    int8_t *_Nonnull target, int32_t step, octet_words values, int32_t count) {
  uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)step);
  vstrbq_scatter_offset_p_s32(target, places, (int32x4_t)values, vctp32q((uint32_t)count));
}

// The first `count` words, 1 to 4, then zeros; and the same of int8.
OCTET_LEAF octet_words octet_load_words(const int32_t *_Nonnull from, int32_t count) {
  return (octet_words)vldrwq_z_s32(from, vctp32q((uint32_t)count));
}
OCTET_LEAF octet_words octet_load_widened(const int8_t *_Nonnull from, int32_t count) {
  return (octet_words)vldrbq_z_s32(from, vctp32q((uint32_t)count));
}

// MARK: Depthwise

// Eight channels of a window. VMULLB takes the even lanes and VMULLT the odd, as VLD2 parts words.
OCTET_LEAF void octet_compute_window(
    octet_window window, octet_eight constants, octet_range range, int8_t *_Nonnull target) {
  int32x4x2_t bias = vld2q_s32(constants.bias), factors = vld2q_s32(constants.multipliers);
  int16x8_t shifts = vldrbq_s16(constants.shifts);
  int8_t padding[8];
  vstrbq_s16(padding, vdupq_n_s16((int16_t)window.padding));
  int32x4_t even = bias.val[0], odd = bias.val[1];
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
        int16x8_t value = vldrbq_s16(at), weight = vldrbq_s16(weights);
        even = vaddq_s32(even, vmullbq_int_s16(value, weight));
        odd = vaddq_s32(odd, vmulltq_int_s16(value, weight));
      }
    }
  }
  octet_words low = octet_requantize_words(
      (octet_words)even, (octet_words)factors.val[0], (octet_words)vmovlbq_s16(shifts), range);
  octet_words high = octet_requantize_words(
      (octet_words)odd, (octet_words)factors.val[1], (octet_words)vmovltq_s16(shifts), range);
  int16x8_t both = vmovnbq_s32(vdupq_n_s16(0), (int32x4_t)low);
  vstrbq_s16(target, vmovntq_s32(both, (int32x4_t)high));
}
