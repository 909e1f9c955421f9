// The runtime's integer arithmetic for sixteen numbers at a time: training in int8 does it for
// every element of every image.
#pragma once
#include "octet_float_kernels.h"

/// Swift's SIMD16<Int32>.
typedef int octet_integers __attribute__((ext_vector_type(16)));

/// The integers that floats hold.
static inline __attribute__((always_inline)) octet_integers octet_whole(octet_lanes x) {
  return __builtin_convertvector(x, octet_integers);
}

/// OctetRuntime's `requantize`: value · 2^left · multiplier / 2³¹ to nearest, then / 2^right to
/// nearest; at a tie the first rounds up, the second away from zero.
static inline __attribute__((always_inline)) octet_integers octet_requantized(
  octet_integers value, int multiplier, int left, int right
) {
  typedef unsigned octet_words __attribute__((ext_vector_type(16)));
  typedef unsigned long long octet_wide __attribute__((ext_vector_type(16)));
  // Counted from −2³¹ the factor has no sign, and the product is multiplier · 2³¹ too large.
  const octet_words above = ((octet_words)value << (unsigned)left) ^ 0x80000000u;
  const octet_wide product = __builtin_convertvector(above, octet_wide) * (unsigned)multiplier;
  const octet_words rounded = __builtin_convertvector((product + (1u << 30)) >> 31, octet_words);
  const octet_integers high = (octet_integers)(rounded - (unsigned)multiplier);
  const int mask = (int)((1u << right) - 1);
  // A comparison is −1 where it holds.
  return (high >> right) - ((high & mask) > (mask >> 1) - (high < 0));
}

/// Taken to lower … upper, as floats.
static inline __attribute__((always_inline)) octet_lanes octet_clamped(
  octet_integers value, int lower, int upper
) {
  value = __builtin_elementwise_max(value, (octet_integers)lower);
  value = __builtin_elementwise_min(value, (octet_integers)upper);
  return __builtin_convertvector(value, octet_lanes);
}
