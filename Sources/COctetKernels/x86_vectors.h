// Clang's vector types for either instruction set: included by x86_avx512.c and x86_avx2.c before
// the functions for which each has its own instructions.

#include <stddef.h>

#include "octet_kernels.h"

#define INLINE TARGET static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// In memory they may stand anywhere.
typedef int32_t vector __attribute__((vector_size(4 * LANES), aligned(1), may_alias));
typedef int64_t longs __attribute__((vector_size(4 * LANES), aligned(1), may_alias));
typedef uint64_t unsigned_longs __attribute__((vector_size(4 * LANES), aligned(1), may_alias));
typedef int8_t bytes __attribute__((vector_size(LANES), aligned(1), may_alias));
typedef int8_t wide __attribute__((vector_size(4 * LANES), aligned(1), may_alias));
typedef int32_t word __attribute__((aligned(1), may_alias));

// What stands `offset` bytes from the layer.
INLINE void *part(const octet_x86_layer *layer, int64_t offset) { return (char *)layer + offset; }

// The word at `source` in every lane.
INLINE vector broadcast(const uint8_t *source) { return (vector){0} + *(const word *)source; }

INLINE vector larger(vector a, vector b) { return __builtin_elementwise_max(a, b); }

INLINE vector clamp(vector value, vector lower, vector upper) {
  return __builtin_elementwise_min(__builtin_elementwise_max(value, lower), upper);
}
