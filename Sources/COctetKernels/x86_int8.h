// What is particular to int8: how sums become outputs, blocks whose lanes are pixels, sums of two
// inputs and maxima. Included by x86_avx512.c and x86_avx2.c.

#include "x86_words.h"

#define HAS_POOLS

// The first `count` < LANES bytes: masked stores take longer.
INLINE void store_some(int8_t *target, bytes value, int count) {
  typedef int64_t halves __attribute__((vector_size(LANES)));
  int64_t low = ((halves)value)[0];
  if (count & 8) {
    __builtin_memcpy(target, &low, 8);
    low = ((halves)value)[LANES / 8 - 1];
    target += 8;
  }
  UNROLL for (int size = 4; size > 0; size /= 2) {
    if (!(count & size)) continue;
    __builtin_memcpy(target, &low, (size_t)size);
    low >>= 8 * size;
    target += size;
  }
}

// Stores the values of `count` lanes, of all if there are fewer, clamped.
INLINE void store(const octet_x86_layer *l, int8_t *target, vector value, int count) {
  bytes kept = narrow(value);
  if (l->is_clamped) {
    const bytes lower = (bytes){0} + (int8_t)l->lower, upper = (bytes){0} + (int8_t)l->upper;
    kept = __builtin_elementwise_min(__builtin_elementwise_max(kept, lower), upper);
  }
  if (count >= LANES) {
    *(bytes *)target = kept;
  } else if (count > 0) {
    store_some(target, kept, count);
  }
}

// Requantizes and stores the sums of P pixels.
INLINE void finish(
    const int P, const int B, const int is_rectified, const octet_x86_layer *l,
    const octet_x86_place *r, const vector *s) {
  // A copy in registers, where they suffice: bytes that are stored might be constants for all that
  // C knows.
  vector copy[2 * OCTET_X86_CONSTANTS];
  const int copies = B <= 2 && HAS_32_REGISTERS;
  const vector *constants = r->constants;
  UNROLL for (int i = 0; copies && i < B * OCTET_X86_CONSTANTS; i++) copy[i] = constants[i];
  if (copies) constants = copy;
  int8_t *target = r->target;
  const int count = r->count;
  UNROLL for (int i = 0; i < P * B; i++) {
    const vector *c = constants + OCTET_X86_CONSTANTS * (i % B);
    const vector value = requantize(s[i], c, is_rectified);
    store(l, target + i % B * LANES, value, count - i % B * LANES);
    if (i % B == B - 1) target += l->channels;
  }
}

// Adds a word of the patch for each of P channels.
INLINE void add_narrow_word(
    const int P, const int B, const octet_x86_layer *l, const uint8_t *word,
    const uint8_t *weights, vector *s) {
  const vector x[2] = {gathered(word), gathered(word + (B - 1) * l->column_step)};
  UNROLL for (int p = 0; p < P; p++) {
    const vector weight = broadcast(weights + 4 * p);
    UNROLL for (int b = 0; b < B; b++) s[p * B + b] = dot(s[p * B + b], x[b], weight);
  }
}

// Narrow: transposes the sums of P channels to [pixel, channel]. Outputs that are still to come may
// be written, up to `end`.
INLINE void finish_narrow(
    const int P, const int is_rectified, const octet_x86_layer *l, const octet_x86_place *r,
    const vector *s) {
  const vector lower = (vector){0} + l->lower, upper = (vector){0} + l->upper;
  const vector *constants = r->constants;
  vector words[2] = {0};
  UNROLL for (int p = 0; p < P && p < 8; p++) {
    const vector value = requantize(s[p], constants + OCTET_X86_CONSTANTS * p, is_rectified);
    words[p / 4] |= (clamp(value, lower, upper) & 255) << p % 4 * 8;
  }
  int8_t last[8 * LANES];
  const ptrdiff_t left = r->end - r->target;
  store_pixels(P, left < 8 * LANES ? last : r->target, words[0], words[1]);
  if (left < 8 * LANES) {
    __builtin_memcpy(r->target, last, (size_t)(left < LANES * P ? left : LANES * P));
  }
}

INLINE void block(
    const int P, const int B, const int mode, const int is_rectified, const octet_x86_layer *l,
    const octet_x86_place *r) {
  const vector *constants = r->constants;
  vector s[24], *sums = r->sums;
  UNROLL for (int i = 0; i < P * B; i++) {
    s[i] = constants[OCTET_X86_CONSTANTS * (mode == NARROW ? i / B : i % B)];
  }
  const uint8_t *weights = r->weights;
  const int32_t *tap = part(l, l->taps), *end = tap + l->word_count;
  if (mode == NARROW) {
    for (; tap < end; tap++, weights += 4 * P) {
      add_narrow_word(P, B, l, r->pixel + *tap, weights, s);
    }
    // One sum is left of those of neighbours.
    UNROLL for (int p = 0; p < P; p++) s[p] = larger(s[p * B], s[p * B + B - 1]);
  } else {
    add_patch(P, B, mode, l, r, tap, end, weights, s);
  }
  const int count = mode == NARROW ? P : P * B;
  if (!r->is_first) {
    UNROLL for (int i = 0; i < count; i++) s[i] = larger(s[i], sums[i]);
  }
  if (!r->is_finished) {
    UNROLL for (int i = 0; i < count; i++) sums[i] = s[i];
  } else if (mode == NARROW) {
    finish_narrow(P, is_rectified, l, r, s);
  } else {
    finish(P, B, is_rectified, l, r, s);
  }
}

// The maxima of the sums of neighbouring columns, requantized.
INLINE void pool(const octet_x86_layer *l, octet_x86_place *r, const vector *sums) {
  const vector *constants = r->constants;
  const int B = r->vector_count, count = r->count;
  int8_t *target = r->target;
  for (int x = 0; x < l->output_width; x++, target += l->channels) {
    for (int b = 0; b < B; b++) {
      vector sum = sums[b];
      for (int i = 1; i < l->pool_width; i++) sum = larger(sum, sums[i * B + b]);
      r->constants = constants + OCTET_X86_CONSTANTS * b;
      r->target = target + b * LANES;
      r->count = count - b * LANES;
      finish(1, 1, l->is_rectified, l, r, &sum);
    }
    sums += l->pool_stride_width * B;
  }
  r->constants = constants;
  r->count = count;
}

// `count` values, all lanes' if there are more.
INLINE vector widened(const int8_t *source, int count) {
  const bytes x = count >= LANES ? *(const bytes *)source : load_some(source, count);
  return __builtin_convertvector(x, vector);
}

// a + b or a − b: twin of Add.swift, where the multiplier of a is 1/2.
INLINE vector exact_sum(const vector *c, vector a, vector b) {
  const vector second = b - c[OCTET_X86_SECOND_ZERO];
  const vector low = second * c[OCTET_X86_ADDEND_LOW] + c[OCTET_X86_ADDEND_OFFSET]
                     - (second >> 31 & c[OCTET_X86_ADDEND_TIE]);
  const vector addend = second * c[OCTET_X86_ADDEND_HIGH] + (low >> c[OCTET_X86_ADDEND_SHIFT]);
  const vector sign = c[OCTET_X86_ADDEND_SIGN];
  const vector first = a * c[OCTET_X86_FIRST_FACTOR] + c[OCTET_X86_BIAS];
  return requantize(first + (addend ^ sign) - sign, c, 0);
}

// Each row of a with a row of b: sum, difference or product.
TARGET void NAME(combine)(
    const octet_x86_layer *l, const void *constants, const int8_t *a, const int8_t *b,
    int8_t *target) {
  // As in x86_convolution.h.
  vector c[OCTET_X86_COMBINED_CONSTANTS];
  UNROLL for (int i = 0; i < OCTET_X86_COMBINED_CONSTANTS; i++) c[i] = ((vector *)constants)[i];
  const int row_count = l->row_count, is_product = l->is_product;
  for (int y = l->height; y > 0; y--, a += l->horizontal_step, b += l->vertical_step) {
    for (int i = 0; i < row_count; i += LANES) {
      const vector first = widened(a + i, row_count - i), second = widened(b + i, row_count - i);
      vector value;
      if (is_product) {
        value = (first - c[OCTET_X86_FIRST_ZERO]) * (second - c[OCTET_X86_SECOND_ZERO]);
        value = requantize(value, c, 0);
      } else {
        value = first * c[OCTET_X86_FIRST] + second * c[OCTET_X86_SECOND] + c[OCTET_X86_HALF];
        const int is_near = any_zero(value & c[OCTET_X86_NEAR]);
        value = is_near ? exact_sum(c, first, second) : value >> c[OCTET_X86_FRACTION];
      }
      store(l, target + i, value, row_count - i);
    }
    target += row_count;
  }
}

// The largest of `taps` values `step` apart, for `count` values of each pixel: whole vectors, of
// which the last two overlap, or one that reaches past the end.
TARGET void NAME(largest)(
    const octet_x86_layer *l, int8_t *target, const int8_t *source, ptrdiff_t step, int taps,
    int count, int pixels, ptrdiff_t pixel_step) {
  const wide lower = (wide){0} + (int8_t)l->lower, upper = (wide){0} + (int8_t)l->upper;
  for (; pixels > 0; pixels--, source += pixel_step, target += count) {
    for (int i = 0; i < count; i += 4 * LANES) {
      const int start = i + 4 * LANES <= count || i == 0 ? i : count - 4 * LANES;
      wide value = lower;
      for (int k = 0; k < taps; k++) {
        value = __builtin_elementwise_max(value, *(const wide *)(source + start + k * step));
      }
      *(wide *)(target + start) = __builtin_elementwise_min(value, upper);
    }
  }
}

// `rounds` of twelve multiply-adds of whole vectors, that wait for nothing but the units that do
// them; how many products that is.
TARGET int64_t NAME(peak)(int64_t rounds) {
  vector s[12] = {0}, x = {1, 2, 3}, w = x;
  for (int64_t round = 0; round < rounds; round++) {
    UNROLL for (int i = 0; i < 12; i++) s[i] = dot(s[i], x, w);
    __asm__ volatile("" : "+x"(x), "+x"(w));
  }
  for (int i = 0; i < 12; i++) __asm__ volatile("" ::"x"(s[i]));
  return rounds * 12 * LANES * ELEMENTS;
}
