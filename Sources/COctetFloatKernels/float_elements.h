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
    const V distance = own - mean;
    const V square = products[i] - sums[i] * sums[i] / pixels + distance * distance * pixels;
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

static void NAME(dropout)(const octet_dropout *dropout, ptrdiff_t count, const float *x, float *y) {
  const octet_dropout d = *dropout;
  U place = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  place += d.low;
  for (ptrdiff_t i = 0; i < 16 * count; i += 16, place += 16) {
    U h = (place ^ (place >> 16)) * 0x85ebca6b;
    h = (h ^ (h >> 13) ^ d.high) * 0xc2b2ae35;
    h = (h ^ (h >> 16)) >> 8;
    *(V *)(y + i) = NAME(chosen)(*(const V *)(x + i) * d.scale, (I)(h >= d.threshold));
  }
}
