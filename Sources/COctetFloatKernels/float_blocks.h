// The kernels, written once over a sixteen-float vector; float_kernels.c includes this file for
// each instruction set with other sizes of blocks. The deviations from the formulas in
// octet_float_kernels.h:
//
// 1. The loops over a block are unrolled because its size is a literal in each instance; a switch
//    finds the instance. Sizes that a set has no registers for are left out; asking for one, beyond
//    the limits that the set states, ends the program, since it would compute nothing.
// 2. contract: a weight is broadcast to all lanes; with AVX-512 that is part of the multiply-add.
//    Neighbouring weights (wJ = 1) get their own instance: the offsets are then literals.

INLINE void NAME(contract_block)(
  const octet_contraction *contraction, ptrdiff_t blockCount, const float *x, const float *w,
  const float *bias, float *y, const int pixels, const int outputs, const ptrdiff_t wJ
) {
  // A copy, because the stores to y might otherwise change it.
  const octet_contraction c = *contraction;
  for (ptrdiff_t block = 0; block < blockCount; block++) {
    V sums[24];
    UNROLL for (int p = 0; p < pixels; p++) {
      UNROLL for (int j = 0; j < outputs; j++) {
        sums[p * outputs + j] = c.accumulates ? *(V *)(y + p * c.yPixel + j * c.yJ)
          : bias                              ? (V){0} + bias[j]
                                              : (V){0};
      }
    }
    for (ptrdiff_t a = 0; a < c.aCount; a++) {
      for (ptrdiff_t b = 0; b < c.bCount; b++) {
        const float *source = x + a * c.xA + b * c.xB;
        const float *weight = w + a * c.wA + b * c.wB;
        for (ptrdiff_t k = 0; k < c.kCount; k++) {
          V values[4];
          UNROLL for (int p = 0; p < pixels; p++) values[p] = *(const V *)(source + p * c.xPixel);
          UNROLL for (int j = 0; j < outputs; j++) {
            UNROLL for (int p = 0; p < pixels; p++) {
              sums[p * outputs + j] += values[p] * weight[j * wJ];
            }
          }
          source += c.xK;
          weight += c.wK;
        }
      }
    }
    UNROLL for (int p = 0; p < pixels; p++) {
      UNROLL for (int j = 0; j < outputs; j++) {
        const V sum = sums[p * outputs + j];
        *(V *)(y + p * c.yPixel + j * c.yJ) = c.relu ? (V)((I)sum & (sum > 0)) : sum;
      }
    }
    x += pixels * c.xPixel;
    y += pixels * c.yPixel;
  }
}

static void NAME(contract)(
  const octet_contraction *c, ptrdiff_t pixels, ptrdiff_t outputs, ptrdiff_t blockCount,
  const float *x, const float *w, const float *bias, float *y
) {
#define BLOCK(p, j)                                                                               \
  case p * 16 + j:                                                                                \
    if (p > PIXELS || j > (p == 1 ? ONE_PIXEL_OUTPUTS : OUTPUTS)) break;                          \
    if (c->wJ == 1) NAME(contract_block)(c, blockCount, x, w, bias, y, p, j, 1);                  \
    else NAME(contract_block)(c, blockCount, x, w, bias, y, p, j, c->wJ);                         \
    return;
#define BLOCKS(p) BLOCK(p, 1) BLOCK(p, 2) BLOCK(p, 3) BLOCK(p, 4) BLOCK(p, 5) BLOCK(p, 6)
  switch (pixels * 16 + outputs) { BLOCKS(1) BLOCK(1, 7) BLOCK(1, 8) BLOCKS(2) BLOCKS(3) BLOCKS(4) }
  __builtin_trap();
}

/// Adds the lanes of each of `outputs` vectors, at most 4, to its float.
INLINE void NAME(add_totals)(const V *v, float *sums, const int outputs) {
  const V zero = {0};
  const V b = outputs > 1 ? v[1] : zero, c = outputs > 2 ? v[2] : zero,
          d = outputs > 3 ? v[3] : zero;
#define HALVES(x, y)                                                                              \
  (__builtin_shufflevector(x, y, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)          \
   + __builtin_shufflevector(x, y, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
  const V ab = HALVES(v[0], b), cd = HALVES(c, d);
#undef HALVES
  // Four lanes of each.
  V four = __builtin_shufflevector(
             ab, cd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
    + __builtin_shufflevector(
             ab, cd, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  four += __builtin_shufflevector(four, four, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  four += __builtin_shufflevector(four, four, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
  UNROLL for (int j = 0; j < outputs; j++) sums[j] += four[4 * j];
}

INLINE void NAME(correlate_block)(
  const octet_correlation *c, const float *x, const float *y, float *sums, const int kernels,
  const int outputs
) {
  V block[20];
  UNROLL for (int i = 0; i < kernels * outputs; i++) block[i] = (V){0};
  const ptrdiff_t xB = c->xB, xPixel = c->xPixel, yPixel = c->yPixel;
  for (ptrdiff_t r = 0; r < c->rowCount; r++) {
    for (ptrdiff_t s = 0; s < c->spanCount; s++) {
      const octet_span span = c->spans[s];
      const ptrdiff_t first = span.first - c->firstB, end = span.end - c->firstB;
      if (first >= kernels || end <= 0) continue;
      const float *gradient = y + r * c->yRow + span.pixel * yPixel;
      ptrdiff_t at = r * c->xRow + span.pixel * xPixel;
      for (ptrdiff_t p = 0; p < span.count; p++, at += xPixel, gradient += yPixel) {
        V values[4];
        UNROLL for (int j = 0; j < outputs; j++) values[j] = *(const V *)(gradient + 16 * j);
        if (first <= 0 && end >= kernels) {
          UNROLL for (int b = 0; b < kernels; b++) {
            const V value = *(const V *)(x + at + b * xB);
            UNROLL for (int j = 0; j < outputs; j++) block[b * outputs + j] += value * values[j];
          }
          continue;
        }
        UNROLL for (int b = 0; b < kernels; b++) {
          if (b < first || b >= end) continue;
          const V value = *(const V *)(x + at + b * xB);
          UNROLL for (int j = 0; j < outputs; j++) block[b * outputs + j] += value * values[j];
        }
      }
    }
  }
  UNROLL for (int b = 0; b < kernels; b++) {
    NAME(add_totals)(block + b * outputs, sums + b * c->sumB, outputs);
  }
}

static void NAME(correlate)(
  const octet_correlation *c, ptrdiff_t kernels, ptrdiff_t outputs, const float *x,
  const float *y, float *sums
) {
#define SUM(b, j)                                                                                 \
  case b * 16 + j:                                                                                \
    if (b > SUM_KERNELS || j > SUM_OUTPUTS) break;                                                \
    NAME(correlate_block)(c, x, y, sums, b, j);                                                   \
    return;
#define SUMS(b) SUM(b, 1) SUM(b, 2) SUM(b, 3) SUM(b, 4)
  switch (kernels * 16 + outputs) { SUMS(1) SUMS(2) SUMS(3) SUMS(4) SUMS(5) }
  __builtin_trap();
}

#undef BLOCK
#undef BLOCKS
#undef SUM
#undef SUMS
