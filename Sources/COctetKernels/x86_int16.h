// What is particular to int16 activations: sums of 64 bits, and how they become outputs. Included
// by x86_avx512_int16.c and x86_avx2_int16.c. Twin of Weighted16.swift.

#include "x86_words.h"

typedef int16_t shorts __attribute__((vector_size(2 * LANES), aligned(1), may_alias));

// `count` values; the last sixteen may overlap those before.
INLINE void convert(element *target, const operand *source, int count) {
  typedef int16_t sixteen __attribute__((vector_size(32), aligned(1), may_alias));
  for (int i = 0; i < count && count < 16; i++) target[i] = source[i];
  for (int i = 0; i < count && count >= 16; i += 16) {
    const int start = i + 16 <= count ? i : count - 16;
    *(sixteen *)(target + start) = *(const sixteen *)(source + start);
  }
}

// The lower halves of even lanes and of odd ones.
INLINE vector low_halves(longs even, longs odd) {
  return (vector)((even & 0xFFFFFFFF) | odd << 32);
}

// a · b, where 0 ≤ b < 2¹⁵: two products of halves are one instruction each.
INLINE longs long_product(longs a, longs b) {
  const unsigned_longs factor = (unsigned_longs)(b & 0xFFFFFFFF);
  const unsigned_longs low = (unsigned_longs)(a & 0xFFFFFFFF) * factor;
  return (longs)(low + (((unsigned_longs)a >> 32) * factor << 32));
}

// Sums of 64 bits, rounded once, halves up: `requantizeWide`. `more` is what is added to them, of
// even lanes and of odd ones: the bias and sums of words before.
INLINE vector requantize_long(vector sum, const vector *c, const longs *more) {
  const longs even = ((longs)sum << 32 >> 32) + more[0], odd = ((longs)sum >> 32) + more[1];
  const longs *factor = (const longs *)c + OCTET_X86_LONG_MULTIPLIER;
  const longs *half = (const longs *)c + OCTET_X86_LONG_HALF;
  const longs *shift = (const longs *)c + OCTET_X86_LONG_SHIFT;
  return low_halves(
      (long_product(even, factor[0]) + half[0]) >> shift[0],
      (long_product(odd, factor[1]) + half[1]) >> shift[1]);
}

// Stores the values of `count` lanes, of all if there are fewer, clamped.
INLINE void store(const octet_x86_layer *l, int16_t *target, vector sum, int count) {
  const vector lower = (vector){0} + l->lower, upper = (vector){0} + l->upper;
  const shorts kept = __builtin_convertvector(clamp(sum, lower, upper), shorts);
  if (count >= LANES) {
    *(shorts *)target = kept;
  } else if (count > 0) {
    // Of a size that is not known, memcpy would be a call.
    typedef int64_t fours __attribute__((vector_size(2 * LANES)));
    int64_t rest = ((fours)kept)[0];
    UNROLL for (int i = 0; i < LANES / 4 - 1; i++) {
      if (count < 4 * i + 4) break;
      __builtin_memcpy(target, &rest, 8);
      rest = ((fours)kept)[i + 1];
      target += 4;
    }
    UNROLL for (int size = 2; size > 0; size /= 2) {
      if (!(count & size)) continue;
      __builtin_memcpy(target, &rest, (size_t)(2 * size));
      rest >>= 16 * size;
      target += size;
    }
  }
}

// Requantizes and stores sums of pixels, each of B vectors. `more` has two vectors for each sum, or
// is NULL. One function for all blocks: its instructions are many, and sums few beside products.
TARGET static __attribute__((noinline)) void finish(
    int B, int count, const octet_x86_layer *l, const octet_x86_place *r, const vector *s,
    const longs *more) {
  int16_t *target = (int16_t *)r->target;
  for (int i = 0; i < count; i += B, target += l->channels) {
    for (int b = 0; b < B; b++) {
      const vector *c = (const vector *)r->constants + OCTET_X86_CONSTANTS * b, sum = s[i + b];
      const longs *addend = more ? more + 2 * (i + b) : (const longs *)c + OCTET_X86_LONG_BIAS;
      const vector result =
          l->has_long_sums ? requantize_long(sum, c, addend) : requantize(sum, c, 0);
      store(l, target + b * LANES, result, r->count - b * LANES);
    }
  }
}

// Adds sums of 32 bits to those of 64 bits of the words before, or to the biases.
TARGET static __attribute__((noinline)) void spill(
    int B, int count, const octet_x86_place *r, const vector *s, longs *sums, int is_first) {
  for (int i = 0; i < count; i++) {
    const longs *bias = (const longs *)r->constants + OCTET_X86_CONSTANTS * (i % B);
    const longs *before = is_first ? bias + OCTET_X86_LONG_BIAS : sums + 2 * i;
    sums[2 * i] = before[0] + ((longs)s[i] << 32 >> 32);
    sums[2 * i + 1] = before[1] + ((longs)s[i] >> 32);
  }
}

INLINE void block(
    const int P, const int B, const int mode, const int is_rectified, const octet_x86_layer *l,
    const octet_x86_place *r) {
  (void)is_rectified;  // see DEFINITIONS
  const vector *constants = r->constants;
  vector s[24];
  UNROLL for (int i = 0; i < P * B; i++) s[i] = constants[OCTET_X86_CONSTANTS * (i % B)];
  const uint8_t *weights = r->weights;
  const int32_t *tap = part(l, l->taps), *end = tap + l->word_count;
  longs sums[2 * 24];
  const longs *more = NULL;
  // Of arrays whose address nobody has, the sums stay in registers.
  vector kept[24];
  for (;;) {
    // As many words as 32 bits hold the products of.
    const int32_t *stop = end - tap > l->run_word_count ? tap + l->run_word_count : end;
    weights = add_patch(P, B, mode, l, r, tap, stop, weights, s);
    tap = stop;
    UNROLL for (int i = 0; i < P * B; i++) {
      kept[i] = s[i];
      s[i] = (vector){0};
    }
    if (tap >= end) break;
    spill(B, P * B, r, kept, sums, more == NULL);
    more = sums;
  }
  finish(B, P * B, l, r, kept, more);
}
