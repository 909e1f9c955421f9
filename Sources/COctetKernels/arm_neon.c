// NEON on ARMv7 and AArch64, with and without the dot product: what the kernels of
// arm_neon_kernels.h share, and what the machine has.

#include "octet_kernels.h"

#if defined(__ARM_NEON)
#include <arm_neon.h>

#include "arm_patches.h"

#define INLINE static inline __attribute__((always_inline))
// Loops over registers.
#define UNROLLED _Pragma("clang loop unroll(full)")

// The lanes of each vector added up: lane r is that of vector r. Only the first `rows` count.
INLINE int32x4_t add_across(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d, int rows) {
#if defined(__aarch64__)
  if (rows == 1) return vdupq_n_s32(vaddvq_s32(a));
  int32x4_t ab = vpaddq_s32(a, b);
  return vpaddq_s32(ab, rows > 2 ? vpaddq_s32(c, d) : ab);
#else
  int32x2_t ab = vpadd_s32(
      vadd_s32(vget_low_s32(a), vget_high_s32(a)), vadd_s32(vget_low_s32(b), vget_high_s32(b)));
  if (rows <= 2) return vcombine_s32(ab, ab);
  int32x2_t cd = vpadd_s32(
      vadd_s32(vget_low_s32(c), vget_high_s32(c)), vadd_s32(vget_low_s32(d), vget_high_s32(d)));
  return vcombine_s32(ab, cd);
#endif
}

// `rows` values, 1, 2 or 4, in the first lanes.
INLINE int32x4_t load_words(const int32_t *from, int rows) {
  if (rows == 4) return vld1q_s32(from);
  int32x2_t half = rows == 2 ? vld1_s32(from) : vld1_dup_s32(from);
  return vcombine_s32(half, half);
}

INLINE int32x4_t load_shifts(const int8_t *from, int rows) {
  if (rows == 1) return vdupq_n_s32(from[0]);
  int32_t bytes = 0;
  __builtin_memcpy(&bytes, from, rows == 4 ? 4 : 2);
  int8x8_t lanes = vreinterpret_s8_s32(vdup_n_s32(bytes));
  return vmovl_s16(vget_low_s16(vmovl_s8(lanes)));
}

INLINE void store(int8_t *target, int rows, int8x8_t values) {
  int32_t word = vget_lane_s32(vreinterpret_s32_s8(values), 0);
  if (rows == 4) __builtin_memcpy(target, &word, 4);
  if (rows == 2) __builtin_memcpy(target, &word, 2);
  if (rows == 1) *target = (int8_t)word;
}

typedef struct {
  int32x4_t multiplier, left, right, zero_point, lower, upper;
} requantizer;

INLINE requantizer make_requantizer(const octet_channels *channels, int32_t index, int rows) {
  int32x4_t shift = load_shifts(channels->shifts + index, rows), zero = vdupq_n_s32(0);
  return (requantizer){
      load_words(channels->multipliers + index, rows), vmaxq_s32(shift, zero),
      vminq_s32(shift, zero), vdupq_n_s32(channels->zero_point), vdupq_n_s32(channels->lower),
      vdupq_n_s32(channels->upper)};
}

// `requantize` of FixedPoint.swift, the output's zero point and its range.
INLINE int8x8_t requantize(const requantizer *by, int32x4_t value) {
  value = vqrdmulhq_s32(vshlq_s32(value, by->left), by->multiplier);
  // −1 for negative values, unless there is no right shift.
  value = vaddq_s32(value, vshrq_n_s32(vandq_s32(value, by->right), 31));
  value = vaddq_s32(vrshlq_s32(value, by->right), by->zero_point);
  value = vminq_s32(vmaxq_s32(value, by->lower), by->upper);
  int16x4_t half = vmovn_s32(value);
  return vmovn_s16(vcombine_s16(half, half));
}

INLINE int8x8_t quantized(
    const octet_channels *channels, int32_t index, int rows, int32x4_t sum) {
  requantizer by = make_requantizer(channels, index, rows);
  return requantize(&by, vaddq_s32(sum, load_words(channels->bias + index, rows)));
}

INLINE void store_words(int32_t *to, int rows, int32x4_t values) {
  if (rows == 4) vst1q_s32(to, values);
  if (rows == 2) vst1_s32(to, vget_low_s32(values));
  if (rows == 1) *to = vgetq_lane_s32(values, 0);
}

// All bits of the first `count` lanes.
INLINE int8x16_t first_lanes(int32_t count) {
  static const int8_t ones[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  return vld1q_s8(ones + 16 - count);
}

// Gathers the patches of a tile; up to 15 bytes after each are scratch that may be read.
INLINE void gather_tile(
    const octet_patches *p, const octet_tile *tile, int32_t depth, int8_t *values,
    const int8_t *places[4]) {
  int32_t row = tile->row, column = tile->column, stride = (depth + 15) & ~15;
  bool is_shared = has_shared_runs(p, tile);
  patch_part part = {0, 0, depth + (is_shared ? p->run_byte_count : 0)};
  if (is_shared) {
    for (int32_t lane = 0; lane < 2; lane++, values += 2 * stride) {
      gather(p, place(p, row, column + lane), part, values);
      places[lane] = values, places[lane + 2] = values + p->run_byte_count;
    }
    return;
  }
  for (int32_t lane = 0; lane < 4; lane++, values += stride) {
    gather(p, place(p, row, column), part, values);
    places[lane] = values;
    next_pixel(tile, lane, &row, &column);
  }
}

// Where the sums of a tile go, for `rows` channels from `index` on.
INLINE void finish_rows(
    const octet_channels *channels, const octet_tile *to, int32_t index, int rows,
    const int32x4_t sums[4]) {
  int8_t *target = to->target + index;
  if (to->is_pool) {
    int32x4_t maximum = vmaxq_s32(vmaxq_s32(sums[0], sums[1]), vmaxq_s32(sums[2], sums[3]));
    if (!to->is_first) maximum = vmaxq_s32(maximum, load_words(to->maxima + index, rows));
    if (to->is_last) {
      store(target, rows, quantized(channels, index, rows, maximum));
    } else {
      store_words(to->maxima + index, rows, maximum);
    }
    return;
  }
  requantizer by = make_requantizer(channels, index, rows);
  int32x4_t bias = load_words(channels->bias + index, rows);
  UNROLLED for (int p = 0; p < 4; p++, target += to->stride) {
    if (p < to->count) store(target, rows, requantize(&by, vaddq_s32(sums[p], bias)));
  }
}

#define NAME(name) octet_neon_##name
#define USE_DOT 0
#include "arm_neon_kernels.h"
#undef NAME
#undef USE_DOT

#if defined(__aarch64__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#define NAME(name) octet_dot_##name
#define USE_DOT 1
#include "arm_neon_kernels.h"
#pragma clang attribute pop
#endif

#if defined(__APPLE__)
int32_t octet_neon_level(void) { return 2; }
#else
// Given by the C library, or by the firmware; without either only what the build promises is used.
__attribute__((weak)) extern unsigned long getauxval(unsigned long);

int32_t octet_neon_level(void) {
  enum { AT_HWCAP = 16 };
  unsigned long capabilities = getauxval ? getauxval(AT_HWCAP) : 0;
#if defined(__aarch64__)
  enum { HWCAP_ASIMDDP = 1 << 20 };
  return capabilities & HWCAP_ASIMDDP ? 2 : 1;
#else
  enum { HWCAP_NEON = 1 << 12 };
  return capabilities & HWCAP_NEON ? 1 : 0;
#endif
}
#endif

#elif defined(__arm__)
int32_t octet_neon_level(void) { return 0; }
#endif
