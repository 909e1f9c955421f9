// The kernels, written once over a sixteen-float vector and compiled once for each instruction
// set (float_kernels.c includes this file with other blocking constants each time).
//
// contract, in pseudocode (see octet_contraction for the strides):
//
//     for r, p, j:  y[r, p, j] = start + Σ_{a, b, k} x[r, p, a, b, k] · w[a, b, k, j]
//
// The deviations from it:
// 1. A block of pixels × outputs is held in registers over the whole sum. A weight is one float
//    that is broadcast to all lanes; with AVX-512 that is part of the multiply-add.
// 2. The loops over the block are unrolled because the block's size is a literal in each
//    instance: BLOCK_FUNCTION stamps them out, a table finds them.
//    Blocks that an instruction set has no registers for are never called: they are stamped out
//    as the smallest instead.
// 3. Pixels are cut into blocks as even as possible, so 10 becomes 4 + 3 + 3 and not 4 + 4 + 2.
//
// Constants: MAX_PIXELS × MAX_OUTPUTS accumulators for images, MAX_ROW_OUTPUTS for one pixel;
// SUM_KERNELS × SUM_OUTPUTS for correlate; GEMM_ROWS × GEMM_VECTORS for multiply.

#define UNROLL _Pragma("clang loop unroll(full)")
#define BROADCAST(value) ((V){0} + (value))
#define SELECT(mask, a, b) ((V)(((mask) & (I)(a)) | (~(mask) & (I)(b))))
#define MAXIMUM(a, b) SELECT((a) > (b), (a), (b))

// MARK: contract

INLINE void NAME(block)(
  const octet_contraction *contraction, const V *x, const float *w, const float *bias, V *y,
  ptrdiff_t count, const int pixels, const int outputs, const ptrdiff_t wJ
) {
  // A copy, because the stores to y might otherwise change it.
  const octet_contraction copy = *contraction, *c = &copy;
  for (ptrdiff_t block = 0; block < count; block++) {
    V sums[24];
    UNROLL for (int p = 0; p < pixels; p++) {
      UNROLL for (int j = 0; j < outputs; j++) {
        sums[p * outputs + j] = c->start == OCTET_START_OUTPUT ? y[p * c->yPixel + j]
          : c->start == OCTET_START_BIAS                       ? BROADCAST(bias[j])
                                                               : (V){0};
      }
    }
    for (ptrdiff_t a = 0; a < c->aCount; a++) {
      for (ptrdiff_t b = 0; b < c->bCount; b++) {
        const V *source = x + a * c->xA + b * c->xB;
        const float *weight = w + a * c->wA + b * c->wB;
        const ptrdiff_t kCount = c->kCount, wK = c->wK, xPixel = c->xPixel;
        for (ptrdiff_t k = 0; k < kCount; k++) {
          V values[4];
          UNROLL for (int p = 0; p < pixels; p++) values[p] = source[p * xPixel];
          UNROLL for (int j = 0; j < outputs; j++) {
            UNROLL for (int p = 0; p < pixels; p++) {
              sums[p * outputs + j] += values[p] * weight[j * wJ];
            }
          }
          source++;
          weight += wK;
        }
      }
    }
    UNROLL for (int p = 0; p < pixels; p++) {
      UNROLL for (int j = 0; j < outputs; j++) {
        V sum = sums[p * outputs + j];
        y[p * c->yPixel + j] = c->relu ? (V)((I)sum & (sum > 0)) : sum;
      }
    }
    x += pixels * c->xPixel;
    y += pixels * c->yPixel;
  }
}

typedef void (*NAME(block_function))(
  const octet_contraction *, const V *, const float *, const float *, V *, ptrdiff_t);

// Neighbouring weights (wJ = 1) get their own instance: the offsets are then literals.
#define BLOCK_FUNCTION(pixels, outputs)                                                           \
  static void NAME(block_##pixels##_##outputs)(                                                   \
    const octet_contraction *c, const V *x, const float *w, const float *bias, V *y,              \
    ptrdiff_t count                                                                               \
  ) {                                                                                             \
    enum {                                                                                        \
      fits = pixels <= MAX_PIXELS                                                                 \
        && (outputs <= MAX_OUTPUTS || (pixels == 1 && outputs <= MAX_ROW_OUTPUTS)),               \
      p = fits ? pixels : 1,                                                                      \
      j = fits ? outputs : 1                                                                      \
    };                                                                                            \
    if (c->wJ == 1) NAME(block)(c, x, w, bias, y, count, p, j, 1);                                \
    else NAME(block)(c, x, w, bias, y, count, p, j, c->wJ);                                       \
  }

#define BLOCK_FUNCTIONS(p)                                                                        \
  BLOCK_FUNCTION(p, 1) BLOCK_FUNCTION(p, 2) BLOCK_FUNCTION(p, 3)                                  \
  BLOCK_FUNCTION(p, 4) BLOCK_FUNCTION(p, 5) BLOCK_FUNCTION(p, 6)
#define BLOCK_NAMES(p)                                                                            \
  {                                                                                               \
    NAME(block_##p##_1), NAME(block_##p##_2), NAME(block_##p##_3), NAME(block_##p##_4),           \
      NAME(block_##p##_5), NAME(block_##p##_6)                                                    \
  }

BLOCK_FUNCTIONS(1)
BLOCK_FUNCTION(1, 8)
BLOCK_FUNCTION(1, 16)
BLOCK_FUNCTIONS(2)
BLOCK_FUNCTIONS(3)
BLOCK_FUNCTIONS(4)

static const NAME(block_function) NAME(block_table)[4][6] = {
  BLOCK_NAMES(1), BLOCK_NAMES(2), BLOCK_NAMES(3), BLOCK_NAMES(4)};

// The outputs of one row of pixels, `outputs` of them from `j` on.
static void NAME(contract_row)(
  const octet_contraction *c, const V *x, const float *w, const float *bias, V *y,
  ptrdiff_t outputs
) {
  if (c->pixelCount == 1 && outputs > 6) {
    (outputs == 16 ? NAME(block_1_16) : NAME(block_1_8))(c, x, w, bias, y, 1);
    return;
  }
  const ptrdiff_t blockCount = (c->pixelCount + MAX_PIXELS - 1) / MAX_PIXELS;
  const ptrdiff_t size = c->pixelCount / blockCount;
  const ptrdiff_t largerCount = c->pixelCount - size * blockCount;
  if (largerCount > 0) {
    NAME(block_table)[size][outputs - 1](c, x, w, bias, y, largerCount);
    x += largerCount * (size + 1) * c->xPixel;
    y += largerCount * (size + 1) * c->yPixel;
  }
  NAME(block_table)[size - 1][outputs - 1](c, x, w, bias, y, blockCount - largerCount);
}

static void NAME(contract)(
  const octet_contraction *c, const float *xs, const float *w, const float *bias, float *ys
) {
  const int isVector = c->rowCount == 1 && c->pixelCount == 1;
  const ptrdiff_t widest = !isVector ? MAX_OUTPUTS : c->wJ == 1 ? MAX_ROW_OUTPUTS
                                                                : MAX_COLUMN_OUTPUTS;
  for (ptrdiff_t r = 0; r < c->rowCount; r++) {
    const V *x = (const V *)xs + r * c->xRow;
    V *y = (V *)ys + r * c->yRow;
    ptrdiff_t j = 0;
    while (j < c->outputCount) {
      const ptrdiff_t left = c->outputCount - j;
      ptrdiff_t outputs = widest;
      if (isVector) {
        if (left < outputs) outputs = left >= 8 && widest >= 8 ? 8 : left < 6 ? left : 6;
        if (outputs > MAX_OUTPUTS && outputs != 8 && outputs != 16) outputs = MAX_OUTPUTS;
        if (outputs < 8 && outputs > MAX_OUTPUTS) outputs = MAX_OUTPUTS;
      } else {
        const ptrdiff_t blockCount = (left + widest - 1) / widest;
        outputs = (left + blockCount - 1) / blockCount;
      }
      NAME(contract_row)(c, x, w + j * c->wJ, bias ? bias + j : bias, y + j, outputs);
      j += outputs;
    }
  }
}

// MARK: correlate

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

// Blocks run along the kernel's columns where it has several, because the columns share most of
// their pixels; a 1 × 1 kernel blocks along its input channels. Rows go in tiles whose gradients
// stay in the first-level cache.
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

// MARK: multiply

INLINE void NAME(multiply_block)(
  ptrdiff_t k, const float *a, ptrdiff_t aRow, ptrdiff_t aColumn, const float *b, ptrdiff_t bRow,
  float *c, ptrdiff_t cRow, ptrdiff_t columns, int accumulate, const int rows
) {
  V sums[8 * GEMM_VECTORS];
  UNROLL for (int i = 0; i < rows * GEMM_VECTORS; i++) sums[i] = (V){0};
  for (ptrdiff_t p = 0; p < k; p++) {
    const U *line = (const U *)(b + p * bRow);
    V values[GEMM_VECTORS];
    UNROLL for (int v = 0; v < GEMM_VECTORS; v++) values[v] = line[v];
    UNROLL for (int i = 0; i < rows; i++) {
      const float factor = a[i * aRow + p * aColumn];
      UNROLL for (int v = 0; v < GEMM_VECTORS; v++) {
        sums[i * GEMM_VECTORS + v] += values[v] * factor;
      }
    }
  }
  UNROLL for (int i = 0; i < rows; i++) {
    float *target = c + i * cRow;
    UNROLL for (int v = 0; v < GEMM_VECTORS; v++) {
      const ptrdiff_t left = columns - 16 * v;
      const V sum = sums[i * GEMM_VECTORS + v];
      U *whole = (U *)(target + 16 * v);
      if (left >= 16) *whole = accumulate ? *whole + sum : sum;
      else {
        for (ptrdiff_t j = 0; j < left; j++) {
          const float old = accumulate ? target[16 * v + j] : 0;
          target[16 * v + j] = old + ((const float *)&sum)[j];
        }
      }
    }
  }
}

// Columns in panels of GEMM_VECTORS vectors; a panel of B that is not contiguous or not full is
// copied to the stack first, GEMM_DEPTH rows at a time.
static void NAME(multiply)(
  ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t aRow, ptrdiff_t aColumn,
  const float *b, ptrdiff_t bRow, ptrdiff_t bColumn, float *c, ptrdiff_t cRow, int accumulate
) {
  enum { width = 16 * GEMM_VECTORS, depth = 256 };
  float panel[depth * width];
  for (ptrdiff_t j = 0; j < n; j += width) {
    const ptrdiff_t columns = n - j < width ? n - j : width;
    for (ptrdiff_t p = 0; p < k || p == 0; p += depth) {
      const ptrdiff_t rows = k - p < depth ? k - p : depth;
      const float *source = b + p * bRow + j * bColumn;
      ptrdiff_t sourceRow = bRow;
      if (columns < width || bColumn != 1) {
        for (ptrdiff_t q = 0; q < rows; q++) {
          for (ptrdiff_t i = 0; i < columns; i++) {
            panel[q * width + i] = source[q * bRow + i * bColumn];
          }
          for (ptrdiff_t i = columns; i < width; i++) panel[q * width + i] = 0;
        }
        source = panel;
        sourceRow = width;
      }
      const int adds = accumulate || p > 0;
      ptrdiff_t i = 0;
      for (; i + GEMM_ROWS <= m; i += GEMM_ROWS) {
        NAME(multiply_block)(
          rows, a + i * aRow + p * aColumn, aRow, aColumn, source, sourceRow, c + i * cRow + j,
          cRow, columns, adds, GEMM_ROWS);
      }
      for (; i < m; i++) {
        NAME(multiply_block)(
          rows, a + i * aRow + p * aColumn, aRow, aColumn, source, sourceRow, c + i * cRow + j,
          cRow, columns, adds, 1);
      }
    }
  }
}

// MARK: pools

// The part of a window that lies inside the image: kernel indices first ..< last.
INLINE void NAME(window)(
  ptrdiff_t start, ptrdiff_t kernel, ptrdiff_t dilation, ptrdiff_t extent, ptrdiff_t *first,
  ptrdiff_t *last
) {
  *first = start < 0 ? (-start + dilation - 1) / dilation : 0;
  *last = start >= extent ? 0 : (extent - 1 - start) / dilation + 1;
  if (*last > kernel) *last = kernel;
  if (*first > *last) *first = *last;
}

#define FOR_EACH_WINDOW(p)                                                                        \
  for (ptrdiff_t oy = 0; oy < (p)->outputHeight; oy++)                                            \
    for (ptrdiff_t ox = 0, top = oy * (p)->strideHeight - (p)->paddingTop, left, y0, y1, x0, x1;  \
         left = ox * (p)->strideWidth - (p)->paddingLeft,                                         \
                   NAME(window)(                                                                  \
                     top, (p)->kernelHeight, (p)->dilationHeight, (p)->height, &y0, &y1),         \
                   NAME(window)(                                                                  \
                     left, (p)->kernelWidth, (p)->dilationWidth, (p)->width, &x0, &x1),           \
                   ox < (p)->outputWidth;                                                         \
         ox++)

#define FOR_EACH_POSITION                                                                         \
  for (ptrdiff_t i = y0; i < y1; i++)                                                             \
    for (ptrdiff_t j = x0; j < x1; j++)

#define POSITION(p, i, j)                                                                         \
  (((top + (i) * (p)->dilationHeight) * (p)->width + left + (j) * (p)->dilationWidth)             \
     * (p)->channelCount                                                                          \
   + ch)

static void NAME(max_pool)(const octet_pool *pool, const float *xs, float *ys) {
  const octet_pool p = *pool;
  const V *x = (const V *)xs;
  FOR_EACH_WINDOW(&p) {
    V *y = (V *)ys + (oy * p.outputWidth + ox) * p.channelCount;
    for (ptrdiff_t ch = 0; ch < p.channelCount; ch++) {
      V best = y0 < y1 && x0 < x1 ? x[POSITION(&p, y0, x0)] : (V){0};
      FOR_EACH_POSITION {
        const V value = x[POSITION(&p, i, j)];
        best = MAXIMUM(value, best);
      }
      y[ch] = best;
    }
  }
}

static void NAME(max_pool_backward)(
  const octet_pool *pool, const float *xs, const float *ys, const float *dys, float *dxs, int relu
) {
  const octet_pool p = *pool;
  const V *x = (const V *)xs;
  V *dx = (V *)dxs;
  FOR_EACH_WINDOW(&p) {
    const ptrdiff_t at = (oy * p.outputWidth + ox) * p.channelCount;
    for (ptrdiff_t ch = 0; ch < p.channelCount; ch++) {
      const V best = ((const V *)ys)[at + ch];
      // The gradient still to be given away, lane by lane.
      I rest = (I)((const V *)dys)[at + ch];
      if (relu) rest &= best > 0;
      FOR_EACH_POSITION {
        const ptrdiff_t position = POSITION(&p, i, j);
        const I isBest = x[position] == best;
        dx[position] += (V)(rest & isBest);
        rest &= ~isBest;
      }
    }
  }
}

INLINE float NAME(divisor)(
  const octet_pool *p, ptrdiff_t top, ptrdiff_t left, ptrdiff_t inside
) {
  if (!p->countsPadding) return inside > 0 ? (float)inside : 1;
  ptrdiff_t y0, y1, x0, x1;
  NAME(window)(
    top + p->paddingTop, p->kernelHeight, p->dilationHeight,
    p->paddingTop + p->height + p->paddingBottom, &y0, &y1);
  NAME(window)(
    left + p->paddingLeft, p->kernelWidth, p->dilationWidth,
    p->paddingLeft + p->width + p->paddingRight, &x0, &x1);
  return (float)((y1 - y0) * (x1 - x0));
}

static void NAME(average_pool)(const octet_pool *pool, const float *xs, float *ys) {
  const octet_pool p = *pool;
  const V *x = (const V *)xs;
  FOR_EACH_WINDOW(&p) {
    const float divisor = NAME(divisor)(&p, top, left, (y1 - y0) * (x1 - x0));
    V *y = (V *)ys + (oy * p.outputWidth + ox) * p.channelCount;
    for (ptrdiff_t ch = 0; ch < p.channelCount; ch++) {
      V sum = {0};
      FOR_EACH_POSITION sum += x[POSITION(&p, i, j)];
      y[ch] = sum / divisor;
    }
  }
}

static void NAME(average_pool_backward)(const octet_pool *pool, const float *dys, float *dxs) {
  const octet_pool p = *pool;
  V *dx = (V *)dxs;
  FOR_EACH_WINDOW(&p) {
    const float factor = 1 / NAME(divisor)(&p, top, left, (y1 - y0) * (x1 - x0));
    const V *dy = (const V *)dys + (oy * p.outputWidth + ox) * p.channelCount;
    for (ptrdiff_t ch = 0; ch < p.channelCount; ch++) {
      const V share = dy[ch] * factor;
      FOR_EACH_POSITION dx[POSITION(&p, i, j)] += share;
    }
  }
}

// MARK: element by element

static void NAME(relu)(ptrdiff_t count, const float *xs, float *ys) {
  const V *x = (const V *)xs;
  V *y = (V *)ys;
  for (ptrdiff_t i = 0; i < count; i++) y[i] = (V)((I)x[i] & (x[i] > 0));
}

static void NAME(relu_backward)(ptrdiff_t count, const float *ys, const float *dys, float *dxs) {
  const V *y = (const V *)ys, *dy = (const V *)dys;
  V *dx = (V *)dxs;
  for (ptrdiff_t i = 0; i < count; i++) dx[i] = (V)((I)dy[i] & (y[i] > 0));
}

static void NAME(add)(ptrdiff_t count, const float *as, const float *bs, float *ys) {
  const V *a = (const V *)as, *b = (const V *)bs;
  V *y = (V *)ys;
  for (ptrdiff_t i = 0; i < count; i++) y[i] = a[i] + b[i];
}

// Sixteen bytes of each of sixteen images are transposed at a time: four rounds of interleaving.
static void NAME(load_images)(
  const uint8_t *const *images, ptrdiff_t pixelCount, ptrdiff_t channelCount, const float *scale,
  const float *offset, float *ys
) {
  const ptrdiff_t count = pixelCount * channelCount;
  V *y = (V *)ys;
  ptrdiff_t at = 0, channel = 0;
  for (; at + 16 <= count; at += 16) {
    B rows[16], other[16];
    for (int i = 0; i < 16; i++) rows[i] = *(const B *)(images[i] + at);
    for (int round = 0; round < 4; round++) {
      for (int i = 0; i < 8; i++) {
        other[2 * i] = __builtin_shufflevector(
          rows[i], rows[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        other[2 * i + 1] = __builtin_shufflevector(
          rows[i], rows[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      }
      for (int i = 0; i < 16; i++) rows[i] = other[i];
    }
    for (int i = 0; i < 16; i++) {
      y[at + i] = __builtin_convertvector(rows[i], V) * scale[channel] + offset[channel];
      channel = channel + 1 == channelCount ? 0 : channel + 1;
    }
  }
  for (; at < count; at++) {
    for (int i = 0; i < 16; i++) {
      ys[at * 16 + i] = (float)images[i][at] * scale[channel] + offset[channel];
    }
    channel = channel + 1 == channelCount ? 0 : channel + 1;
  }
}

// MARK: optimizers

INLINE float NAME(gradient)(const octet_update *u, const float *gradients) {
  float sum = gradients[0];
  for (ptrdiff_t s = 1; s < u->shardCount; s++) sum += gradients[s * u->shardStride];
  return sum;
}

static void NAME(update_sgd)(
  const octet_update *update, ptrdiff_t count, const float *gradients, float *velocity,
  float *parameters
) {
  const octet_update u = *update;
  for (ptrdiff_t i = 0; i < count; i++) {
    const float value = parameters[i] * u.shrink;
    const float gradient = NAME(gradient)(&u, gradients + i) + u.penalty * value;
    velocity[i] = u.momentum * velocity[i] + gradient;
    parameters[i] = value - u.rate * velocity[i];
  }
}

static void NAME(update_adam)(
  const octet_update *update, ptrdiff_t count, const float *gradients, float *first,
  float *second, float *parameters
) {
  const octet_update u = *update;
  ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const V value = *(const U *)(parameters + i) * u.shrink;
    V gradient = *(const U *)(gradients + i);
    for (ptrdiff_t s = 1; s < u.shardCount; s++) {
      gradient += *(const U *)(gradients + i + s * u.shardStride);
    }
    gradient += u.penalty * value;
    const V m = u.momentum * *(const U *)(first + i) + (1 - u.momentum) * gradient;
    const V v = u.secondMomentum * *(const U *)(second + i)
      + (1 - u.secondMomentum) * (gradient * gradient);
    *(U *)(first + i) = m;
    *(U *)(second + i) = v;
    const V root = __builtin_elementwise_sqrt(v);
    *(U *)(parameters + i) = value - u.rate * m / (root * u.secondCorrection + u.epsilon);
  }
  for (; i < count; i++) {
    const float value = parameters[i] * u.shrink;
    const float gradient = NAME(gradient)(&u, gradients + i) + u.penalty * value;
    first[i] = u.momentum * first[i] + (1 - u.momentum) * gradient;
    second[i] = u.secondMomentum * second[i] + (1 - u.secondMomentum) * (gradient * gradient);
    const float root = __builtin_sqrtf(second[i]);
    parameters[i] = value - u.rate * first[i] / (root * u.secondCorrection + u.epsilon);
  }
}

static const octet_float_kernels NAME(kernels) = {
  SET_NAME,
  NAME(multiply),
  NAME(contract),
  NAME(correlate),
  NAME(sum_lanes),
  NAME(sum_pixels),
  NAME(max_pool),
  NAME(max_pool_backward),
  NAME(average_pool),
  NAME(average_pool_backward),
  NAME(relu),
  NAME(relu_backward),
  NAME(add),
  NAME(load_images),
  NAME(update_sgd),
  NAME(update_adam),
};

#undef UNROLL
#undef BROADCAST
#undef SELECT
#undef MAXIMUM
#undef BLOCK_FUNCTION
#undef BLOCK_FUNCTIONS
#undef BLOCK_NAMES
#undef SUM_FUNCTION
#undef SUM_FUNCTIONS
#undef SUM_NAMES
#undef FOR_EACH_WINDOW
#undef FOR_EACH_POSITION
#undef POSITION
