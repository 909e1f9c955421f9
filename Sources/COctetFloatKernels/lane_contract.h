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
  const ptrdiff_t widest = c->wJ == 1 ? MAX_ROW_OUTPUTS : MAX_COLUMN_OUTPUTS;
  for (ptrdiff_t r = 0; r < c->rowCount; r++) {
    const V *x = (const V *)xs + r * c->xRow;
    V *y = (V *)ys + r * c->yRow;
    ptrdiff_t j = 0;
    while (j < c->outputCount) {
      const ptrdiff_t left = c->outputCount - j;
      // One pixel has its own wide blocks; the rest goes in blocks as even as possible.
      ptrdiff_t outputs = isVector && left >= 16 && widest >= 16 ? 16
        : isVector && left >= 8 && widest >= 8                   ? 8
                                                                 : 0;
      if (outputs == 0) {
        const ptrdiff_t blockCount = (left + MAX_OUTPUTS - 1) / MAX_OUTPUTS;
        outputs = (left + blockCount - 1) / blockCount;
      }
      NAME(contract_row)(c, x, w + j * c->wJ, bias ? bias + j : bias, y + j, outputs);
      j += outputs;
    }
  }
}

#undef BLOCK_FUNCTION
#undef BLOCK_FUNCTIONS
#undef BLOCK_NAMES
