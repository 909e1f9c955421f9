// The inner loops of the trainer and of the float interpreter, for each instruction set. They need
// wide vectors and multiply-adds that Swift cannot name; what walks the blocks is Swift:
// `Contraction`, `Correlation` and `matrixMultiply`.
//
// A vector is sixteen floats: one 512-bit register, two of 256 bits or four of 128. Strides count
// floats; vectors may stand at any address. `pixels`, `channels` and `count` count vectors.
//
// Results depend on the kernel set (fused multiply-add or not) and on nothing else.
#pragma once
#include <stddef.h>
#include <stdint.h>

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

/// Neighbouring pixels that reach the kernel columns first ..< end inside the image.
typedef struct {
  ptrdiff_t pixel, count, first, end;
} octet_span;

/// For each kernel column b, from `firstB` on, and output j of a block, over all lanes:
///   sums[b·sumB + j] += Σ_{r, p} x[r·xRow + p·xPixel + b·xB] · y[r·yRow + p·yPixel + 16·j]
/// with r below `rowCount` and the pixels p of those spans that reach b.
typedef struct {
  ptrdiff_t rowCount, spanCount, firstB;
  const octet_span *spans;
  ptrdiff_t xRow, xPixel, xB;
  ptrdiff_t yRow, yPixel;
  ptrdiff_t sumB;
} octet_correlation;

/// Normalization of x `[pixels][channels]`, one vector an element:
///   y = x · factors[c] + offsets[c], but at least `lower` and at most `upper`
///   dx = (dy' − shifts[c] − (x − means[c]) · slopes[c]) · factors[c] in the first `lanes` lanes
/// where dy' is dy as long as y lies strictly between the bounds, else 0; with `accumulates` that
/// is added to dx.
typedef struct {
  ptrdiff_t pixels, channels, lanes;
  const float *factors, *offsets, *means, *shifts, *slopes;
  float lower, upper;
  int accumulates;
} octet_normalization;

/// y = x · scale where h >> 8 reaches `threshold`, else 0, for lane l of element i, with h the
/// finalizer of MurmurHash3 of 16·i + l + `low`, and `high` between its rounds.
typedef struct {
  uint32_t low, high, threshold;
  float scale;
} octet_dropout;

/// A tile of an image, of whose elements those inside the image are read or written, for all
/// channels; `row` and `pixel` floats lie between its neighbours, `point` between one of its 36
/// values and the next.
typedef struct {
  ptrdiff_t channels, row, pixel, point;
  ptrdiff_t firstRow, endRow, firstColumn, endColumn;
  int accumulates, relu;
} octet_tile;

/// The part of a pool's window inside the image, for all channels: rows × columns elements of x,
/// `xRow` and `xColumn` floats apart. Gradients are stored, or added with `accumulates`.
typedef struct {
  ptrdiff_t rows, columns, channels;
  ptrdiff_t xRow, xColumn;
  int accumulates;
} octet_window;

/// x · s^−beta with s = bias + factor · Σ x² over the channels from `before` below to `after`
/// above.
typedef struct {
  ptrdiff_t pixels, channels, before, after;
  float bias, factor, beta;
  int accumulates;
} octet_neighbours;

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

  /// `contract` for one filter a channel: k is left out, j counts the channels of x, w and y, of
  /// which there may be any number, as of pixels.
  void (*depthwise)(
    const octet_contraction *, ptrdiff_t pixels, ptrdiff_t channels, const float *x,
    const float *w, const float *bias, float *y);
  /// `correlate` for one filter a channel, any number of both: sums[c·sumC + b·sumB].
  void (*depthwise_sums)(
    const octet_correlation *, ptrdiff_t kernels, ptrdiff_t channels, ptrdiff_t sumC,
    const float *x, const float *y, float *sums);

  /// Winograd's convolutions, of `taps` × `taps` weights and with size = 7 − taps results along
  /// each axis of a tile; taps is 3 or 5. The sums over channels of the products of what
  /// `tile_inputs` and `tile_weights` give become y by `tile_outputs`; the sums over tiles and
  /// lanes of those of `tile_inputs` and `tile_gradients` become weights by `tile_sums`.
  void (*tile_inputs)(const octet_tile *, const float *x, float *values);
  /// Plus bias, or y itself with `accumulates`; with `relu` at least 0.
  void (*tile_outputs)(
    const octet_tile *, ptrdiff_t size, const float *values, const float *bias, float *y);
  void (*tile_gradients)(const octet_tile *, ptrdiff_t size, const float *dy, float *values);
  /// `count` weights side by side, `tap` floats from one tap to the next; whole vectors are
  /// written. `isFlipped` takes the taps from the last to the first.
  void (*tile_weights)(
    ptrdiff_t taps, const float *w, ptrdiff_t tap, ptrdiff_t count, int isFlipped, float *values,
    ptrdiff_t point);
  void (*tile_sums)(
    ptrdiff_t taps, const float *values, ptrdiff_t point, ptrdiff_t count, float *sums,
    ptrdiff_t tap);
  /// `count` vectors, at most 16 and as if zeros followed: y[i·yRow + j] = x[16·j + i].
  void (*transpose)(const float *x, ptrdiff_t count, float *y, ptrdiff_t yRow);

  /// For each channel the mean over pixels and lanes, and the sum of squared distances from it.
  void (*moments)(const octet_normalization *, const float *x, float *means, float *squares);
  void (*normalize)(const octet_normalization *, const float *x, float *y);
  /// plain[c] = Σ dy', weighted[c] = Σ dy' · (x − means[c])
  void (*gradient_sums)(
    const octet_normalization *, const float *x, const float *dy, float *plain, float *weighted);
  void (*normalize_gradient)(
    const octet_normalization *, const float *x, const float *dy, float *dx);

  /// Where y is not above 0, dy becomes 0 (no y: dy stays); then sums[c] = Σ dy (no sums: none).
  void (*mask_sums)(
    ptrdiff_t pixels, ptrdiff_t channels, const float *y, float *dy, float *sums);
  /// y = a + b, with `relu` at least 0.
  void (*add)(ptrdiff_t count, const float *a, const float *b, int relu, float *y);
  /// dx = dy, or that added, where y lies strictly between the bounds, else 0.
  void (*pass)(
    ptrdiff_t count, float lower, float upper, const float *y, const float *dy, int accumulates,
    float *dx);
  /// y = x, but at least `lower` and at most `upper`.
  void (*clamp)(ptrdiff_t count, float lower, float upper, const float *x, float *y);

  /// x and y may be the same.
  void (*dropout)(const octet_dropout *, ptrdiff_t count, const float *x, float *y);

  void (*largest)(const octet_window *, const float *x, float *y);
  /// The first of the largest takes the gradient; with `relu`, only where it is above 0.
  void (*largest_gradient)(
    const octet_window *, const float *x, const float *y, const float *dy, int relu, float *dx);
  /// y = Σ x · factor
  void (*sum_window)(const octet_window *, const float *x, float factor, float *y);
  void (*spread_window)(const octet_window *, const float *dy, float factor, float *dx);

  void (*neighbours)(const octet_neighbours *, const float *x, float *sums, float *y);
  /// `ratios` is room for a vector for each channel.
  void (*neighbours_gradient)(
    const octet_neighbours *, const float *x, const float *y, const float *sums, const float *dy,
    float *ratios, float *dx);
} octet_float_kernels;

/// Swift's SIMD16<Float>.
typedef float octet_lanes __attribute__((ext_vector_type(16)));

/// Lane by lane. (Swift's own calls a function for each lane.)
static inline __attribute__((always_inline)) octet_lanes octet_square_root(octet_lanes x) {
  return __builtin_elementwise_sqrt(x);
}

/// The kernel sets that this machine can run, best first; nil past the last.
const octet_float_kernels *octet_float_kernels_at(int index);
