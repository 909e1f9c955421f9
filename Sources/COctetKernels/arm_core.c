// Kernels of ARM cores without vectors: Cortex-M and ARMv6.
//
//     for 16 output channels at a time:
//       for each block of taps:
//         for each patch p: widened[k][p] = patch p's tap k
//         for each channel c: for each tap k: for each patch p:
//           sums[c][p] += weights[c][k] · widened[k][p]
//       for each channel: bias, maximum of the window or each pixel, requantize, clamp
//
// 1. Patches are widened once and then meets every channel, so only the weights are widened in the
//    loop, and each serves four multiply-adds.
// 2. They lie in the order in which LDM fills registers: one instruction loads four words.
// 3. With SMLAD, SXTB16 widens bytes 0 and 2, and by rotation bytes 1 and 3. Patches stand in
//    the same order, so that no halves need be put together: four taps of a patch are the words
//    (0, 2) and (1, 3).
// 4. Accumulators stay in registers; on Cortex-M0 in the high ones, which can be added to but not
//    multiplied, while the products destroy the loaded values in the low ones.
// 5. Weights are read by words at any address; Cortex-M0 faults on those, so there by bytes. Up to
//    three weights after the last are read, which zeros in the patches take out.
// 6. Blocks bound the widened patches and 16 channels the sums, so that the scratch does not grow
//    with the layer; a further block only costs loading and storing the sums. Long runs are blocks
//    of their own, widened straight from the input.
//
// The accumulators wrap nowhere: the exporter bounds every partial sum.

#include "octet_kernels.h"

#if defined(__arm__)
#if defined(__ARM_FEATURE_DSP)
#include <arm_acle.h>
#endif

#include "arm_patches.h"

// MARK: From sums to int8

// `requantize` of FixedPoint.swift, the output's zero point and its range.
//
// With n ≥ 1, a / 2ⁿ to nearest with ties away from zero is ((a − [a < 0]) / 2ⁿ⁻¹ + 1) / 2, both
// divisions rounding down; |a| < 2³¹ − 1, so nothing wraps.
static inline int8_t quantized(const octet_channels *channels, int32_t index, int32_t sum) {
  int32_t shift = channels->shifts[index], multiplier = channels->multipliers[index];
  if (shift > 0) sum = (int32_t)((uint32_t)sum << shift);
  int32_t value = octet_high_multiply(sum, multiplier);
  if (shift < 0) value = (((value + (value >> 31)) >> (-1 - shift)) + 1) >> 1;
  value = octet_add(value, channels->zero_point);
  if (value < channels->lower) value = channels->lower;
  if (value > channels->upper) value = channels->upper;
  return (int8_t)value;
}

// MARK: Fully connected

#if defined(__ARM_FEATURE_DSP)
#define ROW(sum, row)                                                   \
  "ldr %[a], " row "\n sxtb16 %[b], %[a]\n sxtb16 %[a], %[a], ror #8\n" \
  "smlad %[" sum "], %[b], %[even], %[" sum "]\n"                        \
  "smlad %[" sum "], %[a], %[x], %[" sum "]\n"
#define FOUR_ROWS                                                       \
  "ldr %[x], [%[values]], #4\n"                                         \
  "sxtb16 %[even], %[x]\n sxtb16 %[x], %[x], ror #8\n"                  \
  ROW("s1", "[%[w], %[stride]]") ROW("s2", "[%[w], %[stride], lsl #1]") \
  ROW("s3", "[%[w], %[stride3]]") ROW("s0", "[%[w]], #4")
#define STEP 4
#elif __ARM_ARCH_ISA_THUMB == 2
#define ROW(sum, row) "ldrsb %[a], " row "\n mla %[" sum "], %[a], %[x], %[" sum "]\n"
#define TAP_OF_ROWS                                                     \
  "ldrsb %[x], [%[values]], #1\n"                                       \
  ROW("s1", "[%[w], %[stride]]") ROW("s2", "[%[w], %[stride], lsl #1]") \
  ROW("s3", "[%[w], %[stride3]]") ROW("s0", "[%[w]], #1")
#define FOUR_ROWS TAP_OF_ROWS TAP_OF_ROWS TAP_OF_ROWS TAP_OF_ROWS
#define STEP 4
#else
#define ROW(sum, row)                                                             \
  "ldrsb %[a], [%[" row "], %[index]]\n muls %[a], %[x], %[a]\n add %[" sum "], %[a]\n"
#endif

// sums[r] = Σₖ w[r · stride + k] · values[k]: values, widened once, meet four rows.
static inline void multiply_rows(
    const int8_t *w, int32_t stride, const int8_t *values, int32_t depth, int32_t sums[4]) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#if defined(FOUR_ROWS)
  const int8_t *end = values + depth;
  const int8_t *whole = values + (depth & -STEP);
  if (values < whole) {
    int32_t x, even, a, b;
    __asm(
        "1:\n" FOUR_ROWS "cmp %[values], %[end]\n bne 1b\n"
        : [w] "+r"(w), [values] "+r"(values), [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2),
          [s3] "+r"(s3), [x] "=&r"(x), [even] "=&r"(even), [a] "=&r"(a), [b] "=&r"(b)
        : [stride] "r"(stride), [stride3] "r"(3 * stride), [end] "r"(whole)
        : "cc", "memory");
  }
#endif
  const int8_t *w1 = w + stride, *w2 = w1 + stride, *w3 = w2 + stride;
#if defined(ROW) && !defined(FOUR_ROWS)
  int32_t index = 0, x, a;
  __asm(
      "1:\n ldrsb %[x], [%[values], %[index]]\n"
      ROW("s0", "w") ROW("s1", "w1") ROW("s2", "w2") ROW("s3", "w3")
      "adds %[index], #1\n cmp %[index], %[depth]\n bne 1b\n"
      : [s0] "+h"(s0), [s1] "+h"(s1), [s2] "+h"(s2), [s3] "+h"(s3), [x] "=&l"(x), [a] "=&l"(a),
        [index] "+l"(index)
      : [w] "l"(w), [w1] "l"(w1), [w2] "l"(w2), [w3] "l"(w3), [values] "l"(values),
        [depth] "h"(depth)
      : "cc", "memory");
#else
  for (; values < end; values++) {
    int32_t value = *values;
    s0 = octet_add(s0, value * *w++), s1 = octet_add(s1, value * *w1++);
    s2 = octet_add(s2, value * *w2++), s3 = octet_add(s3, value * *w3++);
  }
#endif
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

void octet_core_connect(
    const octet_channels *channels, const int8_t *values, int32_t offset, int8_t *target) {
  const octet_channels local = *channels;
  int32_t depth = local.depth, sums[4];
  for (int32_t index = 0, rows; index < local.channels; index += rows) {
    rows = local.channels - index >= 4 ? 4 : 1;
    // A single row is computed four times.
    const int8_t *weights = local.weights + index * depth;
    multiply_rows(weights, rows == 4 ? depth : 0, values, depth, sums);
    for (int32_t row = 0; row < rows; row++) {
      int32_t sum = octet_add(octet_add(sums[row], local.bias[index + row]), -offset);
      target[index + row] = quantized(&local, index + row, sum);
    }
  }
}

#endif
