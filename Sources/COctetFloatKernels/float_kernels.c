// Compiles lane_kernels.h for each instruction set and chooses at run time.
#include "octet_float_kernels.h"

/// Sixteen floats: an element of all sixteen images. Lane buffers are aligned to its 64 bytes.
typedef float V __attribute__((vector_size(64), may_alias));
/// The same at any address.
typedef float U __attribute__((vector_size(64), aligned(4), may_alias));
/// What comparing two V gives: all ones where true.
typedef int32_t I __attribute__((vector_size(64), may_alias));
typedef uint8_t B __attribute__((vector_size(16), aligned(1), may_alias));

#define INLINE static inline __attribute__((always_inline))
#define JOIN_(prefix, name) prefix##_##name
#define JOIN(prefix, name) JOIN_(prefix, name)
#define NAME(name) JOIN(SET, name)

// A V is one register of AVX-512's 32, two of AVX2's 16, four of SSE2's 16 or of NEON's 32.
#if defined(__x86_64__)

#pragma clang attribute push( \
  __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,fma"))), apply_to = function)
#define SET avx512
#define SET_NAME "avx512"
#define MAX_PIXELS 4
#define MAX_OUTPUTS 6
#define MAX_ROW_OUTPUTS 16
#define MAX_COLUMN_OUTPUTS 8
#define SUM_KERNELS 5
#define SUM_OUTPUTS 4
#define GEMM_ROWS 8
#define GEMM_VECTORS 2
#include "lane_kernels.h"
#include "undefine_blocking.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define SET avx2
#define SET_NAME "avx2"
#define MAX_PIXELS 1
#define MAX_OUTPUTS 6
#define MAX_ROW_OUTPUTS 6
#define MAX_COLUMN_OUTPUTS 6
#define SUM_KERNELS 3
#define SUM_OUTPUTS 2
#define GEMM_ROWS 6
#define GEMM_VECTORS 1
#include "lane_kernels.h"
#include "undefine_blocking.h"
#pragma clang attribute pop

#endif

#define SET portable
#if defined(__aarch64__)
#define SET_NAME "neon"
#define MAX_OUTPUTS 5
#else
#define SET_NAME "portable"
#define MAX_OUTPUTS 3
#endif
#define MAX_PIXELS 1
#define MAX_ROW_OUTPUTS MAX_OUTPUTS
#define MAX_COLUMN_OUTPUTS MAX_OUTPUTS
#define SUM_KERNELS 3
#define SUM_OUTPUTS 1
#define GEMM_ROWS 3
#define GEMM_VECTORS 1
#include "lane_kernels.h"
#include "undefine_blocking.h"

const octet_float_kernels *octet_float_kernels_at(int index) {
  const octet_float_kernels *available[3];
  int count = 0;
#if defined(__x86_64__)
  if (
    __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
    && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")
  ) {
    available[count++] = &avx512_kernels;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    available[count++] = &avx2_kernels;
  }
#endif
  available[count++] = &portable_kernels;
  return index >= 0 && index < count ? available[index] : NULL;
}
