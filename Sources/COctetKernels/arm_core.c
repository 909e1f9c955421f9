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
//    with the layer; a further block only costs loading and storing the sums.
//
// The accumulators wrap nowhere: the exporter bounds every partial sum.

#include "octet_kernels.h"

#if defined(__arm__)
#if defined(__ARM_FEATURE_DSP)
#include <arm_acle.h>
#endif

#include "arm_patches.h"

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
    const int8_t *w, const char *tile, const char *end, int32_t count, int32_t *sums) {
  int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3], even = count, odd;
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

// Writes patch `lane`: `count` values, a multiple of 4.
static inline void widen(const int8_t *values, void *tile, int32_t lane, int32_t count) {
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

// Bias, maximum, requantization of sums[channels][4].
static inline void finish(
    const octet_channels *channels, const octet_tile *tile, int32_t first, int32_t end,
    const int32_t *sums) {
  for (int32_t index = first; index < end; index++, sums += 4) {
    int32_t bias = channels->bias[index];
    int8_t *target = tile->target + index;
    if (tile->pixel_count) {
      for (int32_t pixel = 0; pixel < tile->pixel_count; pixel++, target += tile->stride) {
        *target = quantized(channels, index, sums[pixel] + bias);
      }
      continue;
    }
    int32_t maximum = larger(larger(sums[0], sums[1]), larger(sums[2], sums[3])) + bias;
    if (!tile->is_first) maximum = larger(maximum, tile->maxima[index]);
    if (tile->is_last) {
      *target = quantized(channels, index, maximum);
    } else {
      tile->maxima[index] = maximum;
    }
  }
}

void octet_core_tile(
    const octet_patches *patches, const octet_channels *channels, const octet_tile *tile,
    const octet_core_scratch *scratch) {
  // Copies, because the compiler cannot know that stores to the arena leave the originals be.
  const octet_channels local = *channels;
  const octet_tile to = *tile;
  for (int32_t first = 0; first < local.channels; first += OCTET_SUM_CHANNEL_COUNT) {
    int32_t end = first + OCTET_SUM_CHANNEL_COUNT;
    if (end > local.channels) end = local.channels;
    int32_t *last = scratch->sums + 4 * (end - first);
    for (int32_t *sum = scratch->sums; sum < last; sum += 4) sum[0] = sum[1] = sum[2] = sum[3] = 0;
    patch_part part = {0, 0, scratch->block_count};
    for (int32_t tap = 0; tap < local.depth; tap += part.count) {
      if (part.count > local.depth - tap) part.count = local.depth - tap;
      int32_t padded = (part.count + 3) & ~3;
      for (int32_t index = part.count; index < padded; index++) scratch->values[index] = 0;
      for (int32_t lane = 0; lane < 4; lane++) {
        gather(patches, to.rows[lane], to.columns[lane], part, scratch->values);
        widen(scratch->values, scratch->widened, lane, padded);
      }
      const char *start = scratch->widened, *stop = start + padded * OCTET_TAP_BYTE_COUNT;
      const int8_t *weights = local.weights + first * local.depth + tap;
      int32_t rest = local.depth - padded;
      for (int32_t *sum = scratch->sums; sum < last; sum += 4) {
        weights = multiply_channel(weights, start, stop, padded, sum) + rest;
      }
      part.skip += part.count;
      for (; part.skip >= patches->run_byte_count; part.run++) {
        part.skip -= patches->run_byte_count;
      }
    }
    finish(&local, &to, first, end, scratch->sums);
  }
}

// MARK: Fully connected

#if defined(__ARM_FEATURE_DSP)
#define ROW(sum, row)                                          \
  "ldr %[a], " row "\n sxtb16 %[b], %[a]\n sxtb16 %[a], %[a], ror #8\n" \
  "smlad %[" sum "], %[b], %[even], %[" sum "]\n smlad %[" sum "], %[a], %[x], %[" sum "]\n"
#define FOUR_ROWS                                                       \
  "ldr %[x], [%[values]], #4\n"                                         \
  "sxtb16 %[even], %[x]\n sxtb16 %[x], %[x], ror #8\n"                  \
  ROW("s1", "[%[w], %[stride]]") ROW("s2", "[%[w], %[stride], lsl #1]") \
  ROW("s3", "[%[w], %[stride3]]") ROW("s0", "[%[w]], #4")
#define STEP 4
#elif __ARM_ARCH_ISA_THUMB == 2
#define ROW(sum, row) "ldrsb %[a], " row "\n mla %[" sum "], %[a], %[x], %[" sum "]\n"
#define FOUR_ROWS                                                       \
  "ldrsb %[x], [%[values]], #1\n"                                       \
  ROW("s1", "[%[w], %[stride]]") ROW("s2", "[%[w], %[stride], lsl #1]") \
  ROW("s3", "[%[w], %[stride3]]") ROW("s0", "[%[w]], #1")
#define STEP 1
#endif

// sums[r] = Σₖ w[r · stride + k] · values[k]: values, widened once, meet four rows.
static inline void multiply_rows(
    const int8_t *w, int32_t stride, const int8_t *values, int32_t depth, int32_t sums[4]) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  const int8_t *end = values + depth;
#if defined(FOUR_ROWS)
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
  for (; values < end; values++) {
    int32_t value = *values;
    s0 += value * *w++, s1 += value * *w1++, s2 += value * *w2++, s3 += value * *w3++;
  }
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
      int32_t sum = sums[row] + local.bias[index + row] - offset;
      target[index + row] = quantized(&local, index + row, sum);
    }
  }
}

#endif
