// What sees some neighbours of an element: pools, one filter a channel, and normalization over
// neighbouring channels; and the table of all kernels of an instruction set. float_kernels.c
// includes this file after float_elements.h.

static void NAME(largest)(const octet_window *window, const float *x, float *y) {
  const octet_window w = *window;
  for (ptrdiff_t c = 0; c < w.channels; c++, x += 16, y += 16) {
    V best = *(const V *)x;
    for (ptrdiff_t row = 0; row < w.rows; row++) {
      for (ptrdiff_t column = 0; column < w.columns; column++) {
        const V value = *(const V *)(x + row * w.xRow + column * w.xColumn);
        best = NAME(either)(value > best, value, best);
      }
    }
    *(V *)y = best;
  }
}

/// The first of the largest takes the gradient.
static void NAME(largest_gradient)(
  const octet_window *window, const float *x, const float *y, const float *dy, int relu, float *dx
) {
  const octet_window w = *window;
  for (ptrdiff_t c = 0; c < w.channels; c++, x += 16, y += 16, dy += 16, dx += 16) {
    const V best = *(const V *)y;
    V rest = *(const V *)dy;
    if (relu) rest = NAME(chosen)(rest, best > 0);
    for (ptrdiff_t row = 0; row < w.rows; row++) {
      for (ptrdiff_t column = 0; column < w.columns; column++) {
        const ptrdiff_t at = row * w.xRow + column * w.xColumn;
        const I isBest = *(const V *)(x + at) == best;
        const V gradient = NAME(chosen)(rest, isBest);
        *(V *)(dx + at) = w.accumulates ? *(V *)(dx + at) + gradient : gradient;
        rest = NAME(chosen)(rest, ~isBest);
      }
    }
  }
}

static void NAME(sum_window)(const octet_window *window, const float *x, float factor, float *y) {
  const octet_window w = *window;
  for (ptrdiff_t c = 0; c < w.channels; c++, x += 16, y += 16) {
    V sum = {0};
    for (ptrdiff_t row = 0; row < w.rows; row++) {
      for (ptrdiff_t column = 0; column < w.columns; column++) {
        sum += *(const V *)(x + row * w.xRow + column * w.xColumn);
      }
    }
    *(V *)y = sum * factor;
  }
}

static void NAME(spread_window)(
  const octet_window *window, const float *dy, float factor, float *dx
) {
  const octet_window w = *window;
  for (ptrdiff_t row = 0; row < w.rows; row++) {
    for (ptrdiff_t column = 0; column < w.columns; column++) {
      float *target = dx + row * w.xRow + column * w.xColumn;
      for (ptrdiff_t i = 0; i < 16 * w.channels; i += 16) {
        const V share = *(const V *)(dy + i) * factor;
        *(V *)(target + i) = w.accumulates ? *(V *)(target + i) + share : share;
      }
    }
  }
}

INLINE void NAME(depthwise_block)(
  const octet_contraction *d, ptrdiff_t channels, const float *x, const float *w,
  const float *bias, float *y, const int pixels
) {
  const octet_contraction c = *d;
  for (ptrdiff_t channel = 0; channel < channels; channel++, x += 16, y += 16, w += c.wJ) {
    V sums[4];
    UNROLL for (int p = 0; p < pixels; p++) {
      sums[p] = c.accumulates ? *(V *)(y + p * c.yPixel)
        : bias                ? (V){0} + bias[channel]
                              : (V){0};
    }
    for (ptrdiff_t a = 0; a < c.aCount; a++) {
      const float *source = x + a * c.xA, *weight = w + a * c.wA;
      for (ptrdiff_t b = 0; b < c.bCount; b++, source += c.xB, weight += c.wB) {
        UNROLL for (int p = 0; p < pixels; p++) {
          sums[p] += *(const V *)(source + p * c.xPixel) * *weight;
        }
      }
    }
    UNROLL for (int p = 0; p < pixels; p++) {
      *(V *)(y + p * c.yPixel) = c.relu ? NAME(chosen)(sums[p], sums[p] > 0) : sums[p];
    }
  }
}

static void NAME(depthwise)(
  const octet_contraction *c, ptrdiff_t pixels, ptrdiff_t channels, const float *x,
  const float *w, const float *bias, float *y
) {
  for (; pixels >= 4; pixels -= 4, x += 4 * c->xPixel, y += 4 * c->yPixel) {
    NAME(depthwise_block)(c, channels, x, w, bias, y, 4);
  }
  for (; pixels > 0; pixels--, x += c->xPixel, y += c->yPixel) {
    NAME(depthwise_block)(c, channels, x, w, bias, y, 1);
  }
}

/// The products of a few pixels, added to four vectors for each channel.
INLINE void NAME(depthwise_products)(
  const octet_correlation *c, ptrdiff_t channels, ptrdiff_t first, ptrdiff_t end, const float *x,
  const float *y, V (*sums)[4], const int pixels
) {
  for (ptrdiff_t channel = 0; channel < channels; channel++, x += 16, y += 16) {
    V gradients[4];
    UNROLL for (int p = 0; p < pixels; p++) gradients[p] = *(const V *)(y + p * c->yPixel);
    for (ptrdiff_t b = first; b < end; b++) {
      V sum = sums[channel][b];
      UNROLL for (int p = 0; p < pixels; p++) {
        sum += *(const V *)(x + b * c->xB + p * c->xPixel) * gradients[p];
      }
      sums[channel][b] = sum;
    }
  }
}

/// Sixteen channels at a time, which lie beside each other, and four columns.
static void NAME(depthwise_sums)(
  const octet_correlation *correlation, ptrdiff_t kernels, ptrdiff_t channels, ptrdiff_t sumC,
  const float *x, const float *y, float *sums
) {
  const octet_correlation c = *correlation;
  const ptrdiff_t parts = (kernels + 3) / 4;
  for (ptrdiff_t at = 0; at < (channels + 15) / 16 * parts; at++) {
    const ptrdiff_t channel = at / parts * 16, b = at % parts * 4;
    const ptrdiff_t count = channels - channel < 16 ? channels - channel : 16;
    const ptrdiff_t columns = kernels - b < 4 ? kernels - b : 4;
    _Alignas(64) V block[16][4];
    for (ptrdiff_t i = 0; i < count; i++) UNROLL for (int j = 0; j < 4; j++) block[i][j] = (V){0};
    for (ptrdiff_t s = 0; s < c.rowCount * c.spanCount; s++) {
      const ptrdiff_t row = s / c.spanCount;
      const octet_span span = c.spans[s % c.spanCount];
      const ptrdiff_t first = span.first > b ? span.first - b : 0;
      const ptrdiff_t end = span.end - b < columns ? span.end - b : columns;
      const float *source = x + row * c.xRow + span.pixel * c.xPixel + b * c.xB + 16 * channel;
      const float *gradient = y + row * c.yRow + span.pixel * c.yPixel + 16 * channel;
      ptrdiff_t left = span.count;
      for (; left >= 4; left -= 4, source += 4 * c.xPixel, gradient += 4 * c.yPixel) {
        NAME(depthwise_products)(&c, count, first, end, source, gradient, block, 4);
      }
      for (; left > 0; left--, source += c.xPixel, gradient += c.yPixel) {
        NAME(depthwise_products)(&c, count, first, end, source, gradient, block, 1);
      }
    }
    for (ptrdiff_t i = 0; i < count; i++) {
      float totals[4] = {0};
      NAME(add_totals)(block[i], totals, 4);
      for (ptrdiff_t j = 0; j < columns; j++) {
        sums[(channel + i) * sumC + (b + j) * c.sumB] += totals[j];
      }
    }
  }
}

/// s^−beta; the usual ¾ by two square roots.
INLINE V NAME(power)(V s, float beta) {
  if (beta != 0.75f) {
    UNROLL for (int lane = 0; lane < 16; lane++) s[lane] = powf(s[lane], -beta);
    return s;
  }
  const V root = __builtin_elementwise_sqrt(s);
  return 1 / (root * __builtin_elementwise_sqrt(root));
}

static void NAME(neighbours)(
  const octet_neighbours *n, const float *x, float *sums, float *y
) {
  const ptrdiff_t channels = n->channels;
  for (ptrdiff_t p = 0; p < n->pixels; p++) {
    for (ptrdiff_t c = 0; c < channels; c++, sums += 16, y += 16) {
      const ptrdiff_t first = c < n->before ? 0 : c - n->before;
      const ptrdiff_t last = c + n->after < channels ? c + n->after : channels - 1;
      V sum = {0};
      for (ptrdiff_t k = first; k <= last; k++) {
        const V value = *(const V *)(x + 16 * k);
        sum += value * value;
      }
      sum = sum * n->factor + n->bias;
      *(V *)sums = sum;
      *(V *)y = *(const V *)(x + 16 * c) * NAME(power)(sum, n->beta);
    }
    x += 16 * channels;
  }
}

/// dx[c] = dy[c] · s[c]^−beta − 2 · beta · factor · x[c] · Σ dy[k] · y[k] / s[k], over those k
/// whose neighbour c is.
static void NAME(neighbours_gradient)(
  const octet_neighbours *n, const float *x, const float *y, const float *sums, const float *dy,
  float *ratios, float *dx
) {
  const ptrdiff_t channels = n->channels;
  for (ptrdiff_t p = 0; p < n->pixels; p++) {
    for (ptrdiff_t i = 0; i < 16 * channels; i += 16) {
      *(V *)(ratios + i) = *(const V *)(dy + i) * *(const V *)(y + i) / *(const V *)(sums + i);
    }
    for (ptrdiff_t c = 0; c < channels; c++, x += 16, dx += 16) {
      const ptrdiff_t first = c < n->after ? 0 : c - n->after;
      const ptrdiff_t last = c + n->before < channels ? c + n->before : channels - 1;
      V sum = {0};
      for (ptrdiff_t k = first; k <= last; k++) sum += *(const V *)(ratios + 16 * k);
      const V own = *(const V *)(dy + 16 * c);
      const V gradient = own * NAME(power)(*(const V *)(sums + 16 * c), n->beta)
        - 2 * n->beta * n->factor * *(const V *)x * sum;
      *(V *)dx = n->accumulates ? *(V *)dx + gradient : gradient;
    }
    y += 16 * channels;
    sums += 16 * channels;
    dy += 16 * channels;
  }
}

static const octet_float_kernels NAME(kernels) = {
  .name = SET_NAME,
  .pixelLimit = PIXELS,
  .outputLimit = OUTPUTS,
  .onePixelOutputLimit = ONE_PIXEL_OUTPUTS,
  .contract = NAME(contract),
  .sumKernelLimit = SUM_KERNELS,
  .sumOutputLimit = SUM_OUTPUTS,
  .correlate = NAME(correlate),
  .depthwise = NAME(depthwise),
  .depthwise_sums = NAME(depthwise_sums),
  .tile_inputs = NAME(tile_inputs),
  .tile_outputs = NAME(tile_outputs),
  .tile_gradients = NAME(tile_gradients),
  .tile_weights = NAME(tile_weights),
  .tile_sums = NAME(tile_sums),
  .transpose = NAME(transpose),
  .moments = NAME(moments),
  .normalize = NAME(normalize),
  .gradient_sums = NAME(gradient_sums),
  .normalize_gradient = NAME(normalize_gradient),
  .mask_sums = NAME(mask_sums),
  .add = NAME(add),
  .pass = NAME(pass),
  .clamp = NAME(clamp),
  .dropout = NAME(dropout),
  .largest = NAME(largest),
  .largest_gradient = NAME(largest_gradient),
  .sum_window = NAME(sum_window),
  .spread_window = NAME(spread_window),
  .neighbours = NAME(neighbours),
  .neighbours_gradient = NAME(neighbours_gradient),
};

#undef CHANNELS
#undef SET
#undef SET_NAME
#undef PIXELS
#undef OUTPUTS
#undef ONE_PIXEL_OUTPUTS
#undef SUM_KERNELS
#undef SUM_OUTPUTS
#undef GROUP
