// Float kernels of the trainer and the float interpreter, one set for each instruction set.
//
// Lanes. The trainer works on sixteen images side by side: a tensor of shape [H, W, C] is stored
// as [H][W][C][16], the sixteen values of one element (one for each image) next to each other.
// So one 512-bit register (two of 256, four of 128) holds one element of all sixteen images,
// every operation vectorizes whatever its channel count, and nothing is ever shuffled.
// Strides and offsets into such tensors count elements, i.e. groups of sixteen floats.
// Lane buffers are aligned to 64 bytes.
//
// Results depend on the kernel set (fused multiply-add or not) and on nothing else.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { OCTET_LANE_COUNT = 16 };

/// What a contraction starts its sums from.
typedef enum { OCTET_START_ZERO, OCTET_START_BIAS, OCTET_START_OUTPUT } octet_start;

/// For each row r, pixel p and output j, over lanes:
///   y[r·yRow + p·yPixel + j] = start
///     + Σ_{a, b, k} x[r·xRow + p·xPixel + a·xA + b·xB + k] · w[a·wA + b·wB + k·wK + j·wJ]
/// then, if `relu`, the larger of that and 0. The weights `w` and `bias` are plain floats.
typedef struct {
  ptrdiff_t rowCount, pixelCount, outputCount;
  ptrdiff_t aCount, bCount, kCount;
  ptrdiff_t xRow, xPixel, xA, xB;
  ptrdiff_t wA, wB, wK, wJ;
  ptrdiff_t yRow, yPixel;
  octet_start start;
  int relu;
} octet_contraction;

/// For each kernel position (a, b), element k and output j:
///   sums[a·wA + b·wB + k·wK + j] += Σ_{r, p} x[r·xRow + p·xPixel + a·xA + b·xB + k] ·
///     dy[r·yRow + p·yPixel + j]
/// lane by lane (`sums` has lanes too).
typedef struct {
  ptrdiff_t rowCount, pixelCount, outputCount;
  ptrdiff_t aCount, bCount, kCount;
  ptrdiff_t xRow, xPixel, xA, xB;
  ptrdiff_t wA, wB, wK;
  ptrdiff_t yRow, yPixel;
} octet_correlation;

/// A pooling window over x [H][W][C] giving y [OH][OW][C], all with lanes.
typedef struct {
  ptrdiff_t height, width, channelCount;
  ptrdiff_t outputHeight, outputWidth;
  ptrdiff_t kernelHeight, kernelWidth, strideHeight, strideWidth;
  ptrdiff_t dilationHeight, dilationWidth, paddingTop, paddingLeft;
  /// Average: the divisor is the whole window rather than its part inside the padding's edge.
  int countsPadding;
  /// Rows and columns after the image that still count with `countsPadding`.
  ptrdiff_t paddingBottom, paddingRight;
} octet_pool;

/// One step of an optimizer over `count` vectors of sixteen parameters, aligned to 64 bytes.
typedef struct {
  /// Gradients: `shardCount` arrays, `shardStride` floats apart, summed in order.
  ptrdiff_t shardCount, shardStride;
  /// Adam: rate already divided by 1 − β₁ᵗ; SGD: the rate.
  float rate;
  /// The momentum, or Adam's β₁.
  float momentum;
  /// Adam's β₂ and ε, and 1 / √(1 − β₂ᵗ).
  float secondMomentum, epsilon, secondCorrection;
  /// L2: added to the gradient, times the parameter.
  float penalty;
  /// Decoupled decay: the parameter is multiplied by this first.
  float shrink;
} octet_update;

/// Constant function pointers, so any thread may use them.
typedef struct __attribute__((swift_attr("@Sendable"))) {
  /// `avx512`, `avx2`, `neon` or `portable`.
  const char *name;

  /// C[M×N] = A·B, or += with `accumulate`; element (i, k) of A is a[i·aRow + k·aColumn], of B
  /// b[k·bRow + j·bColumn], of C c[i·cRow + j]. Any alignment.
  void (*multiply)(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t aRow, ptrdiff_t aColumn,
    const float *b, ptrdiff_t bRow, ptrdiff_t bColumn, float *c, ptrdiff_t cRow, int accumulate);

  void (*contract)(
    const octet_contraction *, const float *x, const float *w, const float *bias, float *y);
  void (*correlate)(const octet_correlation *, const float *x, const float *dy, float *sums);
  /// out[i] = the sum of the sixteen lanes of sums[i].
  void (*sumLanes)(ptrdiff_t count, const float *sums, float *out);
  /// out[c] = Σ over `pixelCount` pixels and sixteen lanes of dy[pixel][c].
  void (*sumPixels)(ptrdiff_t pixelCount, ptrdiff_t channelCount, const float *dy, float *out);

  void (*maxPool)(const octet_pool *, const float *x, float *y);
  /// dx += the gradient of each window's first largest element. With `relu`, x and y came from a
  /// ReLU whose gradient is taken along.
  void (*maxPoolBackward)(
    const octet_pool *, const float *x, const float *y, const float *dy, float *dx, int relu);
  void (*averagePool)(const octet_pool *, const float *x, float *y);
  void (*averagePoolBackward)(const octet_pool *, const float *dy, float *dx);

  /// y = max(x, 0) over `count` elements of sixteen lanes.
  void (*relu)(ptrdiff_t count, const float *x, float *y);
  /// dx = dy where y > 0, else 0; dx may be dy.
  void (*reluBackward)(ptrdiff_t count, const float *y, const float *dy, float *dx);
  /// y = a + b.
  void (*add)(ptrdiff_t count, const float *a, const float *b, float *y);

  /// Sixteen images of bytes, each `pixelCount` × `channelCount`, into lanes:
  /// y[i][lane] = images[lane][i] · scale[c] + offset[c].
  void (*loadImages)(
    const uint8_t *const *images, ptrdiff_t pixelCount, ptrdiff_t channelCount,
    const float *scale, const float *offset, float *y);

  void (*updateSGD)(
    const octet_update *, ptrdiff_t count, const float *gradients, float *velocities,
    float *parameters);
  void (*updateAdam)(
    const octet_update *, ptrdiff_t count, const float *gradients, float *firsts,
    float *seconds, float *parameters);
} octet_float_kernels;

/// The kernel sets that this machine can run, best first; nil past the last.
const octet_float_kernels *octet_float_kernels_at(int index);
