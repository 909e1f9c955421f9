// Kernels of ARM cores without vectors: Cortex-M and ARMv6.
//
//     widen:     tile[k][lane] = values[k]
//     multiply:  for each channel c: for each tap k: for each patch p:
//                  sums[c][p] += weights[c][k] · tile[k][p]
//     finish:    for each channel: bias, maximum of the window or each pixel, requantize, clamp
//
// 1. A tile is widened once and then meets every channel, so only the weights are widened in the
//    loop, and each serves four multiply-adds.
// 2. The tile lies in the order in which LDM fills registers: one instruction loads four words.
// 3. With SMLAD, SXTB16 widens bytes 0 and 2, and by rotation bytes 1 and 3. The tile stands in
//    the same order, so that no halves need be put together: four taps of a patch are the words
//    (0, 2) and (1, 3).
// 4. Accumulators stay in registers; on Cortex-M0 in the high ones, which can be added to but not
//    multiplied, while the products destroy the loaded values in the low ones.
// 5. Weights are read by words or bytes at any address; Cortex-M0 faults on unaligned words, so
//    there by bytes.
//
// The accumulators wrap nowhere: the exporter bounds every partial sum.

#include "octet_kernels.h"

#if defined(__arm__)
#if defined(__ARM_FEATURE_DSP)
#include <arm_acle.h>
#endif

// MARK: The inner loops

#if defined(__ARM_FEATURE_DSP)

// The bytes at any address; one instruction on the cores that can.
static inline uint32_t load_word(const int8_t *from) {
  uint32_t word;
  __builtin_memcpy(&word, from, 4);
  return word;
}

#define LOAD_FOUR "ldmia %[tile]!, {r3, r4, r5, r6}\n"
#define FOUR_TAPS                                                                \
  "ldr %[even], [%[w]], #4\n" LOAD_FOUR                                          \
  "sxtb16 %[odd], %[even], ror #8\n sxtb16 %[even], %[even]\n"                   \
  "smlad %[s0], r3, %[even], %[s0]\n smlad %[s1], r5, %[even], %[s1]\n"          \
  "smlad %[s0], r4, %[odd], %[s0]\n smlad %[s1], r6, %[odd], %[s1]\n" LOAD_FOUR  \
  "smlad %[s2], r3, %[even], %[s2]\n smlad %[s3], r5, %[even], %[s3]\n"          \
  "smlad %[s2], r4, %[odd], %[s2]\n smlad %[s3], r6, %[odd], %[s3]\n"
#define ENTER "tst %[even], #4\n bne 2f\n"
#define LOW "r"
#define HIGH "r"

#elif __ARM_ARCH_ISA_THUMB == 2

#define TAP                                                                     \
  "ldrsb %[even], [%[w]], #1\n ldmia %[tile]!, {r3, r4, r5, r6}\n"              \
  "mla %[s0], r3, %[even], %[s0]\n mla %[s1], r4, %[even], %[s1]\n"             \
  "mla %[s2], r5, %[even], %[s2]\n mla %[s3], r6, %[even], %[s3]\n"
#define FOUR_TAPS TAP TAP TAP TAP
#define ENTER "tst %[even], #4\n bne 2f\n"
#define LOW "r"
#define HIGH "r"

#else

#define TAP(index)                                                                \
  "ldrb %[even], [%[w], #" #index "]\n ldmia %[tile]!, {r3, r4, r5, r6}\n"        \
  "sxtb %[even], %[even]\n muls r3, %[even], r3\n muls r4, %[even], r4\n"         \
  "muls r5, %[even], r5\n muls r6, %[even], r6\n"                                 \
  "add %[s0], r3\n add %[s1], r4\n add %[s2], r5\n add %[s3], r6\n"
#define FOUR_TAPS TAP(0) TAP(1) TAP(2) TAP(3) "adds %[w], #4\n"
#define ENTER "lsls %[even], %[even], #29\n bmi 2f\n"
#define LOW "l"
#define HIGH "h"

#endif

// Adds to the four sums of one channel; returns the weights after the last that it read.
static inline const int8_t *multiply_channel(
    const int8_t *w, const char *tile, const char *end, int32_t count, int32_t *sums,
    int32_t is_first) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, even = count, odd;
  if (!is_first) s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
  __asm(
      ".syntax unified\n" ENTER
      "1:\n" FOUR_TAPS
      "2:\n" FOUR_TAPS
      "cmp %[tile], %[end]\n bne 1b\n"
      : [w] "+" LOW(w), [tile] "+" LOW(tile), [even] "+&" LOW(even), [odd] "=&" HIGH(odd),
        [s0] "+" HIGH(s0), [s1] "+" HIGH(s1), [s2] "+" HIGH(s2), [s3] "+" HIGH(s3)
      : [end] HIGH(end)
      : "r3", "r4", "r5", "r6", "cc", "memory");
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
  return w;
}

void octet_core_multiply(
    const octet_channels *channels, const int8_t *weights, const void *tile, int32_t count,
    int32_t *sums, int32_t is_first) {
  const char *end = (const char *)tile + count * OCTET_TAP_BYTE_COUNT;
  int32_t rest = channels->depth - count;
  for (int32_t *last = sums + 4 * channels->channels; sums < last; sums += 4) {
    weights = multiply_channel(weights, tile, end, count, sums, is_first) + rest;
  }
}

void octet_core_widen(const int8_t *values, void *tile, int32_t lane, int32_t count) {
  const int8_t *end = values + count;
#if defined(__ARM_FEATURE_DSP)
  uint32_t *to = (uint32_t *)tile + 2 * lane;
  for (; values < end; values += 4, to += 8) {
    uint32_t word = load_word(values);
    to[0] = __sxtb16(word);
    to[1] = __sxtb16(__ror(word, 8));
  }
#else
  int32_t *to = (int32_t *)tile + lane;
  for (; values < end; values += 4, to += 16) {
    to[0] = values[0], to[4] = values[1], to[8] = values[2], to[12] = values[3];
  }
#endif
}

// MARK: From sums to int8

// `requantize` of FixedPoint.swift, the output's zero point and its range.
//
// With n ≥ 1, a / 2ⁿ to nearest with ties away from zero is ((a − [a < 0]) / 2ⁿ⁻¹ + 1) / 2, both
// divisions rounding down; |a| < 2³¹ − 1, so nothing wraps.
static inline int8_t quantized(const octet_channels *channels, int32_t index, int32_t sum) {
  int32_t shift = channels->shifts[index], multiplier = channels->multipliers[index];
  int32_t value = octet_high_multiply(shift > 0 ? (int32_t)((uint32_t)sum << shift) : sum, multiplier);
  if (shift < 0) value = (((value + (value >> 31)) >> (-1 - shift)) + 1) >> 1;
  value += channels->zero_point;
  if (value < channels->lower) value = channels->lower;
  if (value > channels->upper) value = channels->upper;
  return (int8_t)value;
}

static inline int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

void octet_core_finish(
    const octet_channels *channels, const octet_destination *to, const int32_t *sums) {
  for (int32_t index = 0; index < channels->channels; index++, sums += 4) {
    int32_t bias = channels->bias[index];
    int8_t *target = to->target + index;
    if (to->pixel_count) {
      for (int32_t pixel = 0; pixel < to->pixel_count; pixel++, target += to->stride) {
        *target = quantized(channels, index, sums[pixel] + bias);
      }
      continue;
    }
    int32_t maximum = larger(larger(sums[0], sums[1]), larger(sums[2], sums[3])) + bias;
    if (!to->is_first) maximum = larger(maximum, to->maxima[index]);
    if (to->is_last) {
      *target = quantized(channels, index, maximum);
    } else {
      to->maxima[index] = maximum;
    }
  }
}

// MARK: Fully connected

// sums[r] = Σₖ w[r · stride + k] · x[k]. A word of values, widened once, meets four rows.
static inline void multiply_rows(
    const int8_t *w, int32_t stride, const int8_t *x, int32_t depth, int32_t sums[4]) {
  const int8_t *w1 = w + stride, *w2 = w1 + stride, *w3 = w2 + stride, *end = x + depth;
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#if defined(__ARM_FEATURE_DSP)
#define ROW(sum, row)                             \
  word = load_word(row), row += 4;                \
  sum = __smlad(__sxtb16(word), even, sum);       \
  sum = __smlad(__sxtb16(__ror(word, 8)), odd, sum)
  for (; end - x >= 4; x += 4) {
    uint32_t word = load_word(x), even = __sxtb16(word), odd = __sxtb16(__ror(word, 8));
    ROW(s0, w);
    ROW(s1, w1);
    ROW(s2, w2);
    ROW(s3, w3);
  }
#endif
  for (; x < end; x++) {
    int32_t value = *x;
    s0 += value * *w++, s1 += value * *w1++, s2 += value * *w2++, s3 += value * *w3++;
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

void octet_core_connect(
    const octet_channels *channels, const int8_t *values, int32_t offset, int8_t *target) {
  int32_t depth = channels->depth, sums[4];
  for (int32_t index = 0, rows; index < channels->channels; index += rows) {
    rows = channels->channels - index >= 4 ? 4 : 1;
    // A single row is computed four times.
    const int8_t *weights = channels->weights + index * depth;
    multiply_rows(weights, rows == 4 ? depth : 0, values, depth, sums);
    for (int32_t row = 0; row < rows; row++) {
      int32_t sum = sums[row] + channels->bias[index + row] - offset;
      target[index + row] = quantized(channels, index + row, sum);
    }
  }
}

#endif
