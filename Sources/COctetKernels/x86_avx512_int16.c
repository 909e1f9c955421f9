// AVX-512 VNNI, activations of int16: sixteen lanes; a word is two int16 of the image and two
// int16 weights.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>

#define TARGET                                                                                    \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,bmi2")))
#define NAME(function) octet_##function##_avx512vnni_int16

typedef int16_t element;
// What inputs and outputs are.
typedef int16_t operand;
// Lanes; elements of a word; what an element is more than its value; most sums in 32 registers.
enum { LANES = 16, ELEMENTS = 2, ELEMENT_OFFSET = 0, MOST_SUMS = 24 };

#include "x86_vectors.h"

// By name: LLVM makes two instructions of the intrinsic, for which throughput is what counts.
INLINE vector dot(vector sum, vector words, vector weights) {
  __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(words), "v"(weights));
  return sum;
}

// The high halves of even lanes' products and of odd ones'.
INLINE vector high_halves(vector even, vector odd) {
  return __builtin_shufflevector(
      even, odd, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
}

#define BLOCKS(F)                                                                                 \
  F(SIXTEEN, 1, BROADCAST) F(TWELVE, 2, BROADCAST) F(ONE, 8, BROADCAST) F(ONE, 1, SPLIT)          \
  F(SIXTEEN, 1, LOAD) F(SIXTEEN, 1, THREE)
#include "x86_int16.h"
#include "x86_convolution.h"
#include "x86_layer.h"
#endif
