// correlate, the weight gradients, in pseudocode (see octet_correlation for the strides):
//
//     for a, b, k, j:  sums[a, b, k, j] += Σ_{r, p} x[r, p, a, b, k] · dy[r, p, j]
//
// The deviations from it:
// 1. A block of kernel positions × outputs is held in registers over all pixels of a tile.
// 2. Blocks run along the kernel's columns where it has several, because the columns share most
//    of their pixels; a 1 × 1 kernel blocks along its input channels.
// 3. Rows go in tiles whose gradients stay in the first-level cache.

INLINE void NAME(sum_block)(
  const octet_correlation *c, const V *x, const V *dy, V *sums, ptrdiff_t rowCount,
  ptrdiff_t xStep, ptrdiff_t wStep, const int kernels, const int outputs
) {
  V block[20];
  UNROLL for (int b = 0; b < kernels; b++) {
    UNROLL for (int j = 0; j < outputs; j++) block[b * outputs + j] = sums[b * wStep + j];
  }
  for (ptrdiff_t r = 0; r < rowCount; r++) {
    const V *source = x + r * c->xRow;
    const V *gradient = dy + r * c->yRow;
    const ptrdiff_t xPixel = c->xPixel, yPixel = c->yPixel;
    for (ptrdiff_t p = 0; p < c->pixelCount; p++) {
      V values[4];
      UNROLL for (int j = 0; j < outputs; j++) values[j] = gradient[j];
      UNROLL for (int b = 0; b < kernels; b++) {
        const V value = source[b * xStep];
        UNROLL for (int j = 0; j < outputs; j++) block[b * outputs + j] += value * values[j];
      }
      source += xPixel;
      gradient += yPixel;
    }
  }
  UNROLL for (int b = 0; b < kernels; b++) {
    UNROLL for (int j = 0; j < outputs; j++) sums[b * wStep + j] = block[b * outputs + j];
  }
}

typedef void (*NAME(sum_function))(
  const octet_correlation *, const V *, const V *, V *, ptrdiff_t, ptrdiff_t, ptrdiff_t);

#define SUM_FUNCTION(kernels, outputs)                                                            \
  static void NAME(sum_##kernels##_##outputs)(                                                    \
    const octet_correlation *c, const V *x, const V *dy, V *sums, ptrdiff_t rowCount,             \
    ptrdiff_t xStep, ptrdiff_t wStep                                                              \
  ) {                                                                                             \
    enum { fits = kernels <= SUM_KERNELS && outputs <= SUM_OUTPUTS };                             \
    NAME(sum_block)(                                                                              \
      c, x, dy, sums, rowCount, xStep, wStep, fits ? kernels : 1, fits ? outputs : 1);            \
  }
#define SUM_FUNCTIONS(b)                                                                          \
  SUM_FUNCTION(b, 1) SUM_FUNCTION(b, 2) SUM_FUNCTION(b, 3) SUM_FUNCTION(b, 4)
#define SUM_NAMES(b) {NAME(sum_##b##_1), NAME(sum_##b##_2), NAME(sum_##b##_3), NAME(sum_##b##_4)}

SUM_FUNCTIONS(1)
SUM_FUNCTIONS(2)
SUM_FUNCTIONS(3)
SUM_FUNCTIONS(4)
SUM_FUNCTIONS(5)

static const NAME(sum_function) NAME(sum_table)[5][4] = {
  SUM_NAMES(1), SUM_NAMES(2), SUM_NAMES(3), SUM_NAMES(4), SUM_NAMES(5)};

static void NAME(correlate)(
  const octet_correlation *c, const float *xs, const float *dys, float *sums
) {
  const int alongColumns = c->bCount > 1;
  const ptrdiff_t count = alongColumns ? c->bCount : c->kCount;
  const ptrdiff_t others = alongColumns ? c->kCount : 1;
  const ptrdiff_t xStep = alongColumns ? c->xB : 1, wStep = alongColumns ? c->wB : c->wK;
  const ptrdiff_t outputBlocks = (c->outputCount + SUM_OUTPUTS - 1) / SUM_OUTPUTS;
  const ptrdiff_t widest = (c->outputCount + outputBlocks - 1) / outputBlocks;
  ptrdiff_t tile = 384 / (widest * c->pixelCount);
  if (tile < 1) tile = 1;
  for (ptrdiff_t r = 0; r < c->rowCount; r += tile) {
    const ptrdiff_t rows = c->rowCount - r < tile ? c->rowCount - r : tile;
    const V *x = (const V *)xs + r * c->xRow, *dy = (const V *)dys + r * c->yRow;
    for (ptrdiff_t j = 0; j < c->outputCount; j += widest) {
      const ptrdiff_t outputs = c->outputCount - j < widest ? c->outputCount - j : widest;
      for (ptrdiff_t a = 0; a < c->aCount; a++) {
        for (ptrdiff_t k = 0; k < others; k++) {
          for (ptrdiff_t b = 0; b < count; b += SUM_KERNELS) {
            const ptrdiff_t kernels = count - b < SUM_KERNELS ? count - b : SUM_KERNELS;
            NAME(sum_table)[kernels - 1][outputs - 1](
              c, x + a * c->xA + k + b * xStep, dy + j,
              (V *)sums + a * c->wA + k * c->wK + b * wStep + j, rows, xStep, wStep);
          }
        }
      }
    }
  }
}

INLINE float NAME(total)(const V *lanes) {
  const float *v = (const float *)lanes;
  float eight[8], four[4];
  for (int i = 0; i < 8; i++) eight[i] = v[i] + v[i + 8];
  for (int i = 0; i < 4; i++) four[i] = eight[i] + eight[i + 4];
  return (four[0] + four[2]) + (four[1] + four[3]);
}

static void NAME(sum_lanes)(ptrdiff_t count, const float *sums, float *out) {
  for (ptrdiff_t i = 0; i < count; i++) out[i] = NAME(total)((const V *)sums + i);
}

static void NAME(sum_pixels)(
  ptrdiff_t pixelCount, ptrdiff_t channelCount, const float *dys, float *out
) {
  for (ptrdiff_t c = 0; c < channelCount; c++) {
    V sum = {0};
    const V *dy = (const V *)dys + c;
    for (ptrdiff_t p = 0; p < pixelCount; p++) sum += dy[p * channelCount];
    out[c] = NAME(total)(&sum);
  }
}

#undef SUM_FUNCTION
#undef SUM_FUNCTIONS
#undef SUM_NAMES
