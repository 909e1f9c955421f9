// What goes element by element or channel by channel, for each instruction set; float_kernels.c
// includes this file after float_blocks.h with the same names. Elements are whole vectors V, pixels
// hold their channels side by side, and every buffer is walked once from its start to its end:
// these loops wait for memory, not for arithmetic.
//
// GROUP channels are kept in registers at a time; what is left goes one by one.

/// Calls BODY for all channels: in groups, then singly. BODY gets the first and a literal count.
#define CHANNELS(count, BODY)                                                                     \
  ptrdiff_t c = 0;                                                                                \
  for (; c + GROUP <= count; c += GROUP) BODY(c, GROUP)                                           \
  for (; c < count; c++) BODY(c, 1)

/// The value where it is true, else 0.
INLINE V NAME(chosen)(V value, I where) { return (V)((I)value & where); }

/// The first or the second value.
INLINE V NAME(either)(I where, V first, V second) {
  return (V)(((I)first & where) | ((I)second & ~where));
}

/// True in the first `count` lanes.
INLINE I NAME(lanes)(ptrdiff_t count) {
  const I numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return numbers < (int32_t)count;
}

INLINE float NAME(total)(V v) {
  float sum = 0;
  NAME(add_totals)(&v, &sum, 1);
  return sum;
}

INLINE V NAME(clamped)(V value, V lower, V upper) {
  value = NAME(either)(value > lower, value, lower);
  return NAME(either)(value < upper, value, upper);
}

/// The gradient before the activation: dy where the activation only passes on, else 0.
INLINE V NAME(before)(const octet_normalization *n, V x, V dy, ptrdiff_t c) {
  const V value = x * n->factors[c] + n->offsets[c];
  return NAME(chosen)(dy, (value > n->lower) & (value < n->upper));
}

INLINE void NAME(moments_group)(
  const octet_normalization *n, const float *x, float *means, float *squares, const int group
) {
  V first[GROUP], sums[GROUP], products[GROUP];
  UNROLL for (int i = 0; i < group; i++) {
    first[i] = *(const V *)(x + 16 * i);
    sums[i] = products[i] = (V){0};
  }
  const float *pixel = x;
  for (ptrdiff_t p = 0; p < n->pixels; p++) {
    UNROLL for (int i = 0; i < group; i++) {
      const V distance = *(const V *)(pixel + 16 * i) - first[i];
      sums[i] += distance;
      products[i] += distance * distance;
    }
    pixel += 16 * n->channels;
  }
  const float pixels = (float)n->pixels;
  const I mask = NAME(lanes)(n->lanes);
  UNROLL for (int i = 0; i < group; i++) {
    const V own = first[i] + sums[i] / pixels;
    const float mean = NAME(total)(NAME(chosen)(own, mask)) / (float)n->lanes;
    const V square = products[i] - sums[i] * sums[i] / pixels + (own - mean) * (own - mean) * pixels;
    means[i] = mean;
    squares[i] = NAME(total)(NAME(chosen)(square, mask));
  }
}

static void NAME(moments)(
  const octet_normalization *n, const float *x, float *means, float *squares
) {
#define BODY(c, group) NAME(moments_group)(n, x + 16 * c, means + c, squares + c, group);
  CHANNELS(n->channels, BODY)
#undef BODY
}

static void NAME(normalize)(const octet_normalization *normalization, const float *x, float *y) {
  // A copy, because the stores to y might otherwise change it; so below.
  const octet_normalization n = *normalization;
  const V lower = (V){0} + n.lower, upper = (V){0} + n.upper;
  for (ptrdiff_t p = 0; p < n.pixels; p++) {
    for (ptrdiff_t c = 0; c < n.channels; c++, x += 16, y += 16) {
      *(V *)y = NAME(clamped)(*(const V *)x * n.factors[c] + n.offsets[c], lower, upper);
    }
  }
}

INLINE void NAME(gradient_sums_group)(
  const octet_normalization *n, const float *x, const float *dy, ptrdiff_t c, float *plain,
  float *weighted, const int group
) {
  V sums[GROUP], products[GROUP];
  UNROLL for (int i = 0; i < group; i++) sums[i] = products[i] = (V){0};
  for (ptrdiff_t p = 0; p < n->pixels; p++) {
    UNROLL for (int i = 0; i < group; i++) {
      const V value = *(const V *)(x + 16 * i);
      const V gradient = NAME(before)(n, value, *(const V *)(dy + 16 * i), c + i);
      sums[i] += gradient;
      products[i] += gradient * (value - n->means[c + i]);
    }
    x += 16 * n->channels;
    dy += 16 * n->channels;
  }
  UNROLL for (int i = 0; i < group; i++) {
    plain[i] = NAME(total)(sums[i]);
    weighted[i] = NAME(total)(products[i]);
  }
}

static void NAME(gradient_sums)(
  const octet_normalization *n, const float *x, const float *dy, float *plain, float *weighted
) {
#define BODY(c, group)                                                                            \
  NAME(gradient_sums_group)(n, x + 16 * c, dy + 16 * c, c, plain + c, weighted + c, group);
  CHANNELS(n->channels, BODY)
#undef BODY
}

static void NAME(normalize_gradient)(
  const octet_normalization *normalization, const float *x, const float *dy, float *dx
) {
  const octet_normalization n = *normalization;
  const I mask = NAME(lanes)(n.lanes);
  for (ptrdiff_t p = 0; p < n.pixels; p++) {
    for (ptrdiff_t c = 0; c < n.channels; c++, x += 16, dy += 16, dx += 16) {
      const V value = *(const V *)x;
      V gradient = NAME(before)(&n, value, *(const V *)dy, c) - n.shifts[c];
      gradient -= (value - n.means[c]) * n.slopes[c];
      gradient = NAME(chosen)(gradient * n.factors[c], mask);
      *(V *)dx = n.accumulates ? *(V *)dx + gradient : gradient;
    }
  }
}

INLINE void NAME(mask_sums_group)(
  ptrdiff_t pixels, ptrdiff_t channels, const float *y, float *dy, float *sums, const int group
) {
  V totals[GROUP];
  UNROLL for (int i = 0; i < group; i++) totals[i] = (V){0};
  for (ptrdiff_t p = 0; p < pixels; p++) {
    UNROLL for (int i = 0; i < group; i++) {
      V gradient = *(V *)(dy + 16 * i);
      if (y) {
        gradient = NAME(chosen)(gradient, *(const V *)(y + 16 * i) > 0);
        *(V *)(dy + 16 * i) = gradient;
      }
      totals[i] += gradient;
    }
    if (y) y += 16 * channels;
    dy += 16 * channels;
  }
  if (sums) UNROLL for (int i = 0; i < group; i++) sums[i] = NAME(total)(totals[i]);
}

static void NAME(mask_sums)(
  ptrdiff_t pixels, ptrdiff_t channels, const float *y, float *dy, float *sums
) {
#define BODY(c, group)                                                                            \
  NAME(mask_sums_group)(                                                                          \
    pixels, channels, y ? y + 16 * c : y, dy + 16 * c, sums ? sums + c : sums, group);
  CHANNELS(channels, BODY)
#undef BODY
}

static void NAME(add)(ptrdiff_t count, const float *a, const float *b, int relu, float *y) {
  for (ptrdiff_t i = 0; i < 16 * count; i += 16) {
    const V sum = *(const V *)(a + i) + *(const V *)(b + i);
    *(V *)(y + i) = relu ? NAME(chosen)(sum, sum > 0) : sum;
  }
}

static void NAME(pass)(
  ptrdiff_t count, float lower, float upper, const float *y, const float *dy, int accumulates,
  float *dx
) {
  for (ptrdiff_t i = 0; i < 16 * count; i += 16) {
    const V value = *(const V *)(y + i);
    const V gradient = NAME(chosen)(*(const V *)(dy + i), (value > lower) & (value < upper));
    *(V *)(dx + i) = accumulates ? *(V *)(dx + i) + gradient : gradient;
  }
}

static void NAME(clamp)(ptrdiff_t count, float least, float most, const float *x, float *y) {
  const V lower = (V){0} + least, upper = (V){0} + most;
  for (ptrdiff_t i = 0; i < 16 * count; i += 16) {
    *(V *)(y + i) = NAME(clamped)(*(const V *)(x + i), lower, upper);
  }
}

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

static void NAME(depthwise_sums)(
  const octet_correlation *c, ptrdiff_t kernels, ptrdiff_t channels, ptrdiff_t sumC,
  const float *x, const float *y, float *sums
) {
  for (ptrdiff_t channel = 0; channel < channels; channel++) {
    // Two blocks at most: kernels of five columns.
    octet_correlation rest = *c;
    for (rest.firstB = 0; rest.firstB < kernels; rest.firstB += SUM_KERNELS) {
      const ptrdiff_t left = kernels - rest.firstB;
      NAME(correlate)(
        &rest, left < SUM_KERNELS ? left : SUM_KERNELS, 1,
        x + 16 * channel + rest.firstB * c->xB, y + 16 * channel,
        sums + channel * sumC + rest.firstB * c->sumB);
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

/// dx[c] = dy[c] · s[c]^−beta − 2 · beta · factor · x[c] · Σ dy[k] · y[k] / s[k], over those k whose
/// neighbour c is.
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
      const V gradient = *(const V *)(dy + 16 * c) * NAME(power)(*(const V *)(sums + 16 * c), n->beta)
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
  .moments = NAME(moments),
  .normalize = NAME(normalize),
  .gradient_sums = NAME(gradient_sums),
  .normalize_gradient = NAME(normalize_gradient),
  .mask_sums = NAME(mask_sums),
  .add = NAME(add),
  .pass = NAME(pass),
  .clamp = NAME(clamp),
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
