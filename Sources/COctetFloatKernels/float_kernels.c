// Compiles float_blocks.h, float_elements.h and float_windows.h for each instruction set and
// chooses at run time.
#include "octet_float_kernels.h"
#include <math.h>
#include <stdint.h>

/// Sixteen floats at any address.
typedef float V __attribute__((vector_size(64), aligned(4), may_alias));
/// What comparing two V gives: all ones where true.
typedef int32_t I __attribute__((vector_size(64)));
typedef uint32_t U __attribute__((vector_size(64)));

// Whatever takes or gives a vector is inlined, so no calling convention is in question.
#pragma clang diagnostic ignored "-Wpsabi"
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
// Where the copies of a loop's body would have more addresses than there are registers.
#define ROLLED _Pragma("clang loop unroll(disable)")
#define JOIN_(prefix, name) prefix##_##name
#define JOIN(prefix, name) JOIN_(prefix, name)
#define NAME(name) JOIN(SET, name)

// A V is one register of AVX-512's 32, two of AVX2's 16, four of SSE2's 16 or of NEON's 32.
#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx512f,fma"))), apply_to = function)
#define SET avx512
#define SET_NAME "avx512"
#define PIXELS 4
#define OUTPUTS 6
#define ONE_PIXEL_OUTPUTS 8
#define SUM_KERNELS 5
#define SUM_OUTPUTS 4
#define GROUP 8
#include "float_blocks.h"
#include "float_elements.h"
#include "float_tiles.h"
#include "float_windows.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define SET avx2
#define SET_NAME "avx2"
#define PIXELS 1
#define OUTPUTS 6
#define ONE_PIXEL_OUTPUTS 6
#define SUM_KERNELS 3
#define SUM_OUTPUTS 2
#define GROUP 2
#include "float_blocks.h"
#include "float_elements.h"
#include "float_tiles.h"
#include "float_windows.h"
#pragma clang attribute pop

#endif

#define SET portable
#if defined(__aarch64__)
#define SET_NAME "neon"
#define OUTPUTS 5
#else
#define SET_NAME "portable"
#define OUTPUTS 3
#endif
#define PIXELS 1
#define ONE_PIXEL_OUTPUTS OUTPUTS
#define SUM_KERNELS 3
#define SUM_OUTPUTS 1
#define GROUP 1
#include "float_blocks.h"
#include "float_elements.h"
#include "float_tiles.h"
#include "float_windows.h"

const octet_float_kernels *octet_float_kernels_at(int index) {
  const octet_float_kernels *available[3];
  int count = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) available[count++] = &avx512_kernels;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    available[count++] = &avx2_kernels;
  }
#endif
  available[count++] = &portable_kernels;
  return index >= 0 && index < count ? available[index] : NULL;
}
