// Helium (Armv8.1-M's vectors, MVE): the loops of Cortex-M55 that Swift cannot name. They become part
// of the Swift that calls them: see Sources/OctetRuntime/MVE.
#pragma once

#include <arm_mve.h>
#include <stdint.h>

#define OCTET_LEAF static inline __attribute__((always_inline))

// SIMD4<Int32> in Swift.
typedef int32_t octet_words __attribute__((ext_vector_type(4)));

// Where four rows of `count` values start.
typedef struct {
  const int8_t *_Nonnull a, *_Nonnull b, *_Nonnull c, *_Nonnull d;
} octet_rows;

// The sums of the products of `x` with four rows, one a lane. The loop's predicate leaves out what is
// beyond `count`, so nothing there is read. VMLADAVA adds to registers with even numbers only.
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

// What becomes of sums of one output: its zero point, and the bounds that results are clamped to.
typedef struct {
  int32_t zero_point, lower, upper;
} octet_range;

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

// A window of a depthwise layer: taps inside the image are those of the kernel's rows `top` to
// `bottom` and columns `left` to `right`; all others are `padding`. Steps are bytes.
typedef struct {
  const int8_t *_Nonnull values, *_Nonnull weights;
  int32_t rows, columns, top, bottom, left, right;
  int32_t row_step, column_step, channels, padding;
} octet_window;

// Bias, multipliers and shifts of eight channels.
typedef struct {
  const int32_t *_Nonnull bias, *_Nonnull multipliers;
  const int8_t *_Nonnull shifts;
} octet_eight;

// Eight channels of a window. VMULLB takes the even lanes and VMULLT the odd, as VLD2 parts words.
OCTET_LEAF void octet_compute_window(
    octet_window window, octet_eight constants, octet_range range, int8_t *_Nonnull target) {
  int32x4x2_t bias = vld2q_s32(constants.bias), factors = vld2q_s32(constants.multipliers);
  int16x8_t padding = vdupq_n_s16((int16_t)window.padding), shifts = vldrbq_s16(constants.shifts);
  int32x4_t even = bias.val[0], odd = bias.val[1];
  const int8_t *row = window.values, *weights = window.weights;
  for (int32_t y = 0; y < window.rows; y++, row += window.row_step) {
    const int8_t *at = row;
    int is_row = y >= window.top && y < window.bottom;
    for (int32_t x = 0; x < window.columns; x++, at += window.column_step) {
      int is_inside = is_row && x >= window.left && x < window.right;
      int16x8_t value = is_inside ? vldrbq_s16(at) : padding, weight = vldrbq_s16(weights);
      even = vaddq_s32(even, vmullbq_int_s16(value, weight));
      odd = vaddq_s32(odd, vmulltq_int_s16(value, weight));
      weights += window.channels;
    }
  }
  octet_words low = octet_requantize_words(
      (octet_words)even, (octet_words)factors.val[0], (octet_words)vmovlbq_s16(shifts), range);
  octet_words high = octet_requantize_words(
      (octet_words)odd, (octet_words)factors.val[1], (octet_words)vmovltq_s16(shifts), range);
  int16x8_t both = vmovnbq_s32(vdupq_n_s16(0), (int32x4_t)low);
  vstrbq_s16(target, vmovntq_s32(both, (int32x4_t)high));
}
