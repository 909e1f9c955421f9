// The two inner loops of the trainer and of the float interpreter, for each instruction set. They
// hold a block of sums in registers and need wide multiply-adds that Swift cannot name; what
// walks the blocks is Swift: `Contraction`, `Correlation` and `matrixMultiply`.
//
// A vector is sixteen floats: one 512-bit register, two of 256 bits or four of 128. Strides count
// floats; vectors may stand at any address.
//
// Results depend on the kernel set (fused multiply-add or not) and on nothing else.
#pragma once
#include <stddef.h>

/// For each pixel p and output j of a block, over vectors of x and y and single weights:
///   y[p·yPixel + j·yJ] = start + Σ_{a, b, k} x[p·xPixel + a·xA + b·xB + k·xK]
///     · w[a·wA + b·wB + k·wK + j·wJ]
/// where `start` is y itself with `accumulates`, otherwise bias[j], or 0 without a bias; then,
/// with `relu`, the larger of that and 0.
typedef struct {
  ptrdiff_t aCount, bCount, kCount;
  ptrdiff_t xPixel, xA, xB, xK;
  ptrdiff_t wA, wB, wK, wJ;
  ptrdiff_t yPixel, yJ;
  int accumulates, relu;
} octet_contraction;

/// For each kernel position b and output j of a block, lane by lane:
///   sums[b·sumB + 16·j] += Σ_{r, p} x[r·xRow + p·xPixel + b·xB] · y[r·yRow + p·yPixel + 16·j]
typedef struct {
  ptrdiff_t rowCount, pixelCount;
  ptrdiff_t xRow, xPixel, xB;
  ptrdiff_t yRow, yPixel;
  ptrdiff_t sumB;
} octet_correlation;

/// Constant function pointers, so any thread may use them.
typedef struct __attribute__((swift_attr("@Sendable"))) {
  /// `avx512`, `avx2`, `neon` or `portable`.
  const char *name;

  /// The largest blocks of `contract`: pixels × outputs, and outputs when there is one pixel.
  ptrdiff_t pixelLimit, outputLimit, onePixelOutputLimit;
  /// `blockCount` blocks, one after the other along the pixels.
  void (*contract)(
    const octet_contraction *, ptrdiff_t pixels, ptrdiff_t outputs, ptrdiff_t blockCount,
    const float *x, const float *w, const float *bias, float *y);

  /// The largest blocks of `correlate`.
  ptrdiff_t sumKernelLimit, sumOutputLimit;
  void (*correlate)(
    const octet_correlation *, ptrdiff_t kernels, ptrdiff_t outputs, const float *x,
    const float *y, float *sums);
} octet_float_kernels;

/// Swift's SIMD16<Float>.
typedef float octet_lanes __attribute__((ext_vector_type(16)));

/// Lane by lane. (Swift's own calls a function for each lane.)
static inline __attribute__((always_inline)) octet_lanes octet_square_root(octet_lanes x) {
  return __builtin_elementwise_sqrt(x);
}

/// The kernel sets that this machine can run, best first; nil past the last.
const octet_float_kernels *octet_float_kernels_at(int index);
