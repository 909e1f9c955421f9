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

// MARK: The inner loops

#if defined(__ARM_FEATURE_DSP)

// The bytes at any address; one instruction on the cores that can.
static inline uint32_t load_word(const int8_t *from) {
  uint32_t word;
  __builtin_memcpy(&word, from, 4);
  return word;
}

#define LOAD_FOUR "ldmia %[at]!, {r3, r4, r5, r6}\n"
#define FOUR_TAPS                                                       \
  "ldr %[even], [%[w]], #4\n" LOAD_FOUR                                 \
  "sxtb16 %[odd], %[even], ror #8\n sxtb16 %[even], %[even]\n"          \
  "smlad r8, r3, %[even], r8\n smlad r9, r5, %[even], r9\n"             \
  "smlad r8, r4, %[odd], r8\n smlad r9, r6, %[odd], r9\n" LOAD_FOUR     \
  "smlad r10, r3, %[even], r10\n smlad r11, r5, %[even], r11\n"         \
  "smlad r10, r4, %[odd], r10\n smlad r11, r6, %[odd], r11\n"

#elif __ARM_ARCH_ISA_THUMB == 2

#define TAP                                                             \
  "ldrsb %[even], [%[w]], #1\n ldmia %[at]!, {r3, r4, r5, r6}\n"        \
  "mla r8, r3, %[even], r8\n mla r9, r4, %[even], r9\n"                 \
  "mla r10, r5, %[even], r10\n mla r11, r6, %[even], r11\n"
#define FOUR_TAPS TAP TAP TAP TAP

#else

#define TAP(index)                                                                \
  "ldrb %[value], [%[w], #" #index "]\n ldmia %[at]!, {r3, r4, r5, r6}\n"         \
  "sxtb %[value], %[value]\n muls r3, %[value], r3\n muls r4, %[value], r4\n"     \
  "muls r5, %[value], r5\n muls r6, %[value], r6\n"                               \
  "add %[s0], r3\n add %[s1], r4\n add %[s2], r5\n add %[s3], r6\n"
#define FOUR_TAPS TAP(0) TAP(1) TAP(2) TAP(3) "adds %[w], #4\n"

#endif

// Adds to the sums of all channels, `sums` to `sums_end`; `count` taps, a multiple of 4. The
// weights of one channel start `stride` after those of the one before.
static inline void multiply(
    const int8_t *w, int32_t stride, const char *tile, int32_t count, int32_t *sums,
    const int32_t *sums_end) {
  const char *end = tile + count * OCTET_TAP_BYTE_COUNT;
  int32_t rest = stride - count;
#if defined(__ARM_FEATURE_DSP) || __ARM_ARCH_ISA_THUMB == 2
  // All registers are taken, so what only the start of a channel needs is on the stack. An odd
  // number of fours enters in the middle of the loop.
  const struct {
    const char *tile;
    int32_t count, rest;
  } start = {tile, count, rest};
  const void *at = &start, *even = sums_end;
  int32_t odd;
  w -= rest;
  __asm(
      "push {%[even]}\n push {%[at]}\n"
      "1:\n ldm %[sums], {r8, r9, r10, r11}\n"
      "ldr %[even], [sp]\n ldm %[even], {r3, r4, r5}\n"
      "mov %[at], r3\n add %[w], r5\n tst r4, #4\n bne 3f\n"
      "2:\n" FOUR_TAPS
      "3:\n" FOUR_TAPS
      "cmp %[at], %[end]\n bne 2b\n"
      "stmia %[sums]!, {r8, r9, r10, r11}\n"
      "ldr %[even], [sp, #4]\n cmp %[sums], %[even]\n bne 1b\n"
      "add sp, #8\n"
      : [w] "+r"(w), [sums] "+r"(sums), [at] "+r"(at), [even] "+r"(even), [odd] "=&r"(odd)
      : [end] "r"(end)
      : "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "cc", "memory");
#else
  for (; sums < sums_end; sums += 4, w += rest) {
    int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3], value;
    const char *at = tile;
    __asm(
        ".syntax unified\n 1:\n" FOUR_TAPS "cmp %[at], %[end]\n bne 1b\n"
        : [w] "+l"(w), [at] "+l"(at), [value] "=&l"(value), [s0] "+h"(s0), [s1] "+h"(s1),
          [s2] "+h"(s2), [s3] "+h"(s3)
        : [end] "h"(end)
        : "r3", "r4", "r5", "r6", "cc", "memory");
    sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
  }
#endif
}

// MARK: Patches

#if defined(__ARM_FEATURE_DSP)

// Widens `count` values of four patches, and writes zeros up to a multiple of 4. There are bytes
// before the first.
static inline void widen(
    const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d, int32_t count,
    uint32_t *to) {
#define WIDEN(word, lane) to[2 * lane] = __sxtb16(word), to[2 * lane + 1] = __sxtb16(__ror(word, 8))
#define WIDEN_TWO(a, b)                                             \
  "ldr r3, [%[" a "]], #4\n ldr r5, [%[" b "]], #4\n"               \
  "sxtb16 r4, r3, ror #8\n sxtb16 r3, r3\n sxtb16 r6, r5, ror #8\n" \
  "sxtb16 r5, r5\n stmia %[to]!, {r3, r4, r5, r6}\n"
  const uint32_t *end = to + 2 * (count & ~3);
  count &= 3;
  if (to < end) {
    __asm(
        "1:\n" WIDEN_TWO("a", "b") WIDEN_TWO("c", "d") "cmp %[to], %[end]\n bne 1b\n"
        : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [to] "+r"(to)
        : [end] "r"(end)
        : "r3", "r4", "r5", "r6", "cc", "memory");
  }
  if (count > 0) {
    int32_t back = count - 4, shift = -8 * back;
    uint32_t wa = load_word(a + back) >> shift, wb = load_word(b + back) >> shift;
    uint32_t wc = load_word(c + back) >> shift, wd = load_word(d + back) >> shift;
    WIDEN(wa, 0), WIDEN(wb, 1), WIDEN(wc, 2), WIDEN(wd, 3);
  }
}

// Widens a part of the four patches of a tile.
static inline void widen_tile(
    const octet_patches *p, const octet_tile *tile, patch_part part,
    const octet_core_scratch *scratch) {
  const int8_t *from[4];
  int32_t row = tile->row, column = tile->column, run = p->run_byte_count;
  int32_t longer = (part.count + run + 3) & ~3;
  int8_t *values = scratch->values;
  if (!scratch->takes_runs && 2 * longer <= scratch->value_byte_count && has_shared_runs(p, tile)) {
    part.count += run;
    for (int32_t lane = 0; lane < 2; lane++, values += longer) {
      gather(p, place(p, row, column + lane), part, values);
      from[lane] = values, from[lane + 2] = values + run;
    }
    part.count -= run;
  } else {
    for (int32_t lane = 0; lane < 4; lane++) {
      from[lane] = place(p, row, column);
      if (scratch->takes_runs) {
        from[lane] += part.run * p->kernel_row_step + part.skip;
      } else {
        gather(p, from[lane], part, values);
        from[lane] = values;
        values += scratch->block_count;
      }
      next_pixel(tile, lane, &row, &column);
    }
  }
  widen(from[0], from[1], from[2], from[3], part.count, scratch->widened);
}

#else

// A tap of each patch is a word of its own, so values need not be gathered before.
static inline void widen_tile(
    const octet_patches *p, const octet_tile *tile, patch_part part,
    const octet_core_scratch *scratch) {
  const int8_t *from[4];
  int32_t row = tile->row, column = tile->column, tap = part.run, offset = 0;
  for (int32_t lane = 0; lane < 4; lane++) {
    from[lane] = place(p, row, column);
    next_pixel(tile, lane, &row, &column);
  }
  for (; tap >= p->runs_per_row; tap -= p->runs_per_row) offset += p->kernel_row_step;
  int32_t *to = scratch->widened, *end = to + 4 * part.count;
  for (int32_t skip = part.skip; to < end; skip = 0) {
    int32_t *run_end = to + 4 * (p->run_byte_count - skip);
    int32_t start = offset + tap * p->run_step + skip;
    const int8_t *a = from[0] + start, *b = from[1] + start, *c = from[2] + start;
    const int8_t *d = from[3] + start;
    int32_t *stop = run_end < end ? run_end : end;
#if __ARM_ARCH_ISA_THUMB == 2
    __asm(
        "1:\n ldrsb r3, [%[a]], #1\n ldrsb r4, [%[b]], #1\n ldrsb r5, [%[c]], #1\n"
        "ldrsb r6, [%[d]], #1\n stmia %[to]!, {r3, r4, r5, r6}\n cmp %[to], %[stop]\n bne 1b\n"
        : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [to] "+r"(to)
        : [stop] "r"(stop)
        : "r3", "r4", "r5", "r6", "cc", "memory");
#else
    for (; to < stop; to += 4) to[0] = *a++, to[1] = *b++, to[2] = *c++, to[3] = *d++;
#endif
    if (++tap == p->runs_per_row) tap = 0, offset += p->kernel_row_step;
  }
  for (int32_t zeros = -part.count & 3; zeros > 0; zeros--, to += 4) {
    to[0] = to[1] = to[2] = to[3] = 0;
  }
}

#endif

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

static inline int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

// Bias, maximum, requantization of sums[channels][4], from channel `index` to `end`.
__attribute__((noinline)) static void finish(
    const octet_channels *channels, const octet_tile *tile, int32_t index, int32_t end,
    const int32_t *sums) {
  if (!tile->is_pool) {
    for (; index < end; index++, sums += 4) {
      int8_t *target = tile->target + index;
      int32_t bias = channels->bias[index];
      for (int32_t pixel = 0; pixel < tile->count; pixel++, target += tile->stride) {
        *target = quantized(channels, index, octet_add(sums[pixel], bias));
      }
    }
    return;
  }
  for (; index < end; index++, sums += 4) {
    int32_t maximum = larger(larger(sums[0], sums[1]), larger(sums[2], sums[3]));
    maximum = octet_add(maximum, channels->bias[index]);
    if (!tile->is_first) maximum = larger(maximum, tile->maxima[index]);
    if (tile->is_last) {
      tile->target[index] = quantized(channels, index, maximum);
    } else {
      tile->maxima[index] = maximum;
    }
  }
}

// One tile, channels `first` to `end`.
static inline void compute_tile(
    const octet_patches *patches, const octet_channels *channels, const octet_tile *tile,
    const octet_core_scratch *scratch, int32_t first, int32_t end) {
  int32_t *sums = scratch->sums, *sums_end = sums + 4 * (end - first);
  int32_t depth = channels->depth, run_byte_count = patches->run_byte_count;
  for (int32_t *sum = sums; sum < sums_end; sum += 4) sum[0] = sum[1] = sum[2] = sum[3] = 0;
  patch_part part = {0, 0, 0};
  for (int32_t tap = 0; tap < depth; tap += part.count) {
    part.count = depth - tap;
    if (part.count > scratch->block_count) part.count = scratch->block_count;
    int32_t run_rest = run_byte_count - part.skip;
    if (scratch->takes_runs && part.count > run_rest) part.count = run_rest;
    widen_tile(patches, tile, part, scratch);
    multiply(
        channels->weights + first * depth + tap, depth, scratch->widened, (part.count + 3) & ~3,
        sums, sums_end);
    part.skip += part.count;
    for (; part.skip >= run_byte_count; part.run++) part.skip -= run_byte_count;
  }
  finish(channels, tile, first, end, sums);
}

void octet_core_tiles(
    const octet_patches *patches, const octet_channels *channels, octet_tile *tile,
    const octet_core_scratch *scratch) {
  for (; tile->repeat_count > 0; tile->repeat_count--, next_tile(tile)) {
    for (int32_t first = 0; first < channels->channels; first += OCTET_SUM_CHANNEL_COUNT) {
      int32_t end = first + OCTET_SUM_CHANNEL_COUNT;
      if (end > channels->channels) end = channels->channels;
      compute_tile(patches, channels, tile, scratch, first, end);
    }
  }
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
