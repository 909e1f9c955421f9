// NEON instructions that Swift cannot name, one a function, and whether the machine has SDOT. All
// of them become part of the Swift that calls them: see Sources/OctetRuntime/NEON.
#pragma once

#include <arm_neon.h>
#include <stdint.h>

#define OCTET_LEAF static inline __attribute__((always_inline))

// SIMD16<Int8> in Swift.
typedef int8_t octet_bytes __attribute__((ext_vector_type(16)));
// SIMD8<Int16> in Swift.
typedef int16_t octet_halves __attribute__((ext_vector_type(8)));
// SIMD4<Int32> in Swift.
typedef int32_t octet_words __attribute__((ext_vector_type(4)));

// Products of the first and of the last eight pairs.
OCTET_LEAF octet_halves octet_multiply_low(octet_bytes a, octet_bytes b) {
  return (octet_halves)vmull_s8(vget_low_s8((int8x16_t)a), vget_low_s8((int8x16_t)b));
}

OCTET_LEAF octet_halves octet_multiply_high(octet_bytes a, octet_bytes b) {
  return (octet_halves)vmull_s8(vget_high_s8((int8x16_t)a), vget_high_s8((int8x16_t)b));
}

// The first and the last four values, added to sums.
OCTET_LEAF octet_words octet_add_low(octet_words sum, octet_halves values) {
  return (octet_words)vaddw_s16((int32x4_t)sum, vget_low_s16((int16x8_t)values));
}

OCTET_LEAF octet_words octet_add_high(octet_words sum, octet_halves values) {
  return (octet_words)vaddw_s16((int32x4_t)sum, vget_high_s16((int16x8_t)values));
}

// The products of eight int8 with eight int16, four and four added to sums.
OCTET_LEAF octet_words octet_add_wide_products(
    octet_words sum, const int8_t *_Nonnull w, octet_halves x) {
  int16x8_t wide = vmovl_s8(vld1_s8(w)), values = (int16x8_t)x;
  int32x4_t low = vmlal_s16((int32x4_t)sum, vget_low_s16(wide), vget_low_s16(values));
  return (octet_words)vmlal_s16(low, vget_high_s16(wide), vget_high_s16(values));
}

// Neighbouring values, added to sums.
OCTET_LEAF octet_words octet_add_pairs(octet_words sum, octet_halves values) {
  return (octet_words)vpadalq_s16((int32x4_t)sum, (int16x8_t)values);
}

#if defined(__aarch64__)
// SDOT as text, because a function for another instruction set cannot become part of its caller.
OCTET_LEAF octet_words octet_add_dot_products(octet_words sum, octet_bytes w, octet_bytes x) {
  __asm__(".arch_extension dotprod\n\tsdot %0.4s, %1.16b, %2.16b" : "+w"(sum) : "w"(w), "w"(x));
  return sum;
}

// SMMLA: the sums of products of two rows of eight with two others: [w₀·x₀, w₀·x₁, w₁·x₀, w₁·x₁].
OCTET_LEAF octet_words octet_add_matrix_products(octet_words sum, octet_bytes w, octet_bytes x) {
  __asm__(".arch_extension i8mm\n\tsmmla %0.4s, %1.16b, %2.16b" : "+w"(sum) : "w"(w), "w"(x));
  return sum;
}

// The bytes of a table of 64 with these indices; 0 for an index beyond.
OCTET_LEAF octet_bytes octet_look_up(
    octet_bytes a, octet_bytes b, octet_bytes c, octet_bytes d, octet_bytes indices) {
  int8x16x4_t table = {{(int8x16_t)a, (int8x16_t)b, (int8x16_t)c, (int8x16_t)d}};
  return (octet_bytes)vqtbl4q_s8(table, (uint8x16_t)indices);
}

// The same of a table of 16.
OCTET_LEAF octet_bytes octet_take(octet_bytes table, octet_bytes indices) {
  return (octet_bytes)vqtbl1q_s8((int8x16_t)table, (uint8x16_t)indices);
}
#endif

// `x`, but the compiler cannot use it before `sum` is there. It would start all products of a step
// at once, for which there are too few registers.
OCTET_LEAF octet_bytes octet_after(octet_words sum, octet_bytes x) {
  __asm__("" : "+w"(x) : "w"(sum));
  return x;
}

// Sums of neighbours: [a₀ + a₁, a₂ + a₃, b₀ + b₁, b₂ + b₃].
OCTET_LEAF octet_words octet_add_neighbours(octet_words a, octet_words b) {
#if defined(__aarch64__)
  return (octet_words)vpaddq_s32((int32x4_t)a, (int32x4_t)b);
#else
  int32x4_t x = (int32x4_t)a, y = (int32x4_t)b;
  return (octet_words)vcombine_s32(
      vpadd_s32(vget_low_s32(x), vget_high_s32(x)), vpadd_s32(vget_low_s32(y), vget_high_s32(y)));
#endif
}

// `highMultiply` of FixedPoint.swift.
OCTET_LEAF octet_words octet_high_multiply_words(octet_words a, octet_words b) {
  return (octet_words)vqrdmulhq_s32((int32x4_t)a, (int32x4_t)b);
}

// a · 2^by, for negative `by` rounded to nearest, ties up.
OCTET_LEAF octet_words octet_shift(octet_words a, octet_words by) {
  return (octet_words)vrshlq_s32((int32x4_t)a, (int32x4_t)by);
}

OCTET_LEAF octet_words octet_minimum(octet_words a, octet_words b) {
  return (octet_words)vminq_s32((int32x4_t)a, (int32x4_t)b);
}

OCTET_LEAF octet_words octet_maximum(octet_words a, octet_words b) {
  return (octet_words)vmaxq_s32((int32x4_t)a, (int32x4_t)b);
}

// Four int8 in a word, lane 0 lowest; they fit.
OCTET_LEAF octet_bytes octet_narrow(octet_words values) {
  int16x4_t half = vqmovn_s32((int32x4_t)values);
  int8x8_t bytes = vqmovn_s16(vcombine_s16(half, half));
  return (octet_bytes)vcombine_s8(bytes, bytes);
}

// Sixteen int8 of four words each plus `offset`, within `lower` and `upper`; all saturate.
OCTET_LEAF octet_bytes octet_narrow_sixteen(
    octet_words a, octet_words b, octet_words c, octet_words d, octet_halves offset,
    octet_bytes lower, octet_bytes upper) {
  int16x8_t low = vcombine_s16(vqmovn_s32((int32x4_t)a), vqmovn_s32((int32x4_t)b));
  int16x8_t high = vcombine_s16(vqmovn_s32((int32x4_t)c), vqmovn_s32((int32x4_t)d));
  int8x8_t first = vqmovn_s16(vqaddq_s16(low, (int16x8_t)offset));
  int8x8_t last = vqmovn_s16(vqaddq_s16(high, (int16x8_t)offset));
  return (octet_bytes)vminq_s8(
      vmaxq_s8(vcombine_s8(first, last), (int8x16_t)lower), (int8x16_t)upper);
}

// All bits of the first `count` lanes.
OCTET_LEAF octet_bytes octet_first_lanes(int8_t count) {
  octet_bytes lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return (octet_bytes)(lanes < count);
}

// What Linux says the machine has. Given by the C library, or by the firmware; without either 0.
__attribute__((weak)) extern unsigned long getauxval(unsigned long);

// AT_HWCAP and AT_HWCAP2.
OCTET_LEAF unsigned long octet_capabilities(void) { return getauxval ? getauxval(16) : 0; }
OCTET_LEAF unsigned long octet_more_capabilities(void) { return getauxval ? getauxval(26) : 0; }
