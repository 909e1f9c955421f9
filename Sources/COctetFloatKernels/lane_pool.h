// Max and average pools, forward and backward.

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

#undef FOR_EACH_WINDOW
#undef FOR_EACH_POSITION
#undef POSITION
