// AVX2, activations of int16: eight lanes; a word is two int16 of the image and two int16 weights.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>

#define TARGET __attribute__((target("avx2")))
#define NAME(function) octet_##function##_avx2_int16

typedef int16_t element;
// What inputs and outputs are.
typedef int16_t operand;
// Lanes; elements of a word; what an element is more than its value; most sums in 16 registers.
enum { LANES = 8, ELEMENTS = 2, ELEMENT_OFFSET = 0, MOST_SUMS = 12 };

#include "x86_vectors.h"

// Never saturates: |x · w| ≤ 2²².
INLINE vector dot(vector sum, vector words, vector weights) {
  return sum + (vector)_mm256_madd_epi16((__m256i)words, (__m256i)weights);
}

// The high halves of even lanes' products and of odd ones'.
INLINE vector high_halves(vector even, vector odd) {
  return __builtin_shufflevector(even, odd, 1, 9, 3, 11, 5, 13, 7, 15);
}

#define BLOCKS(F)                                                                                 \
  F(TWELVE, 1, BROADCAST) F(SIX, 2, BROADCAST) F(ONE, 8, BROADCAST) F(ONE, 1, SPLIT)              \
  F(TWELVE, 1, LOAD) F(TWELVE, 1, THREE)
#include "x86_int16.h"
#include "x86_convolution.h"
#include "x86_layer.h"
#endif
