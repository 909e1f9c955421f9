// Winograd's convolutions (Lavin and Gray 2015): what leads to and from the values of a tile at
// 6 × 6 points, along each axis 0, 1, −1, 2, −2 and ∞. float_kernels.c includes this file after
// float_elements.h.
//
// A window of r taps, as a polynomial, takes its values at these points; so do m = 7 − r results.
// Each of the 36 products over channels then stands alone, and they are what `contract` computes.

/// The values at six points of the polynomial with `count` coefficients; ∞ takes the last one.
INLINE void NAME(expand)(const V *c, V *values, const int count) {
  V even = c[0], odd = c[1], even2 = c[0], odd2 = c[1] * 2;
  UNROLL for (int i = 2; i < count; i++) {
    if (i % 2) {
      odd += c[i];
      odd2 += c[i] * (float)(1 << i);
    } else {
      even += c[i];
      even2 += c[i] * (float)(1 << i);
    }
  }
  values[0] = c[0];
  values[1] = even + odd;
  values[2] = even - odd;
  values[3] = even2 + odd2;
  values[4] = even2 - odd2;
  values[5] = c[count - 1];
}

/// The transpose of `expand`.
INLINE void NAME(collapse)(const V *v, V *sums, const int count) {
  const V a = v[1] + v[2], b = v[1] - v[2], a2 = v[3] + v[4], b2 = v[3] - v[4];
  sums[0] = v[0] + a + a2;
  UNROLL for (int i = 1; i < count; i++) {
    sums[i] = (i % 2 ? b : a) + (i % 2 ? b2 : a2) * (float)(1 << i);
  }
  sums[count - 1] += v[5];
}

/// What the results' values are made of: the transpose of interpolation.
INLINE void NAME(interpolated)(const V *d, V *values) {
  const V p = d[4] - d[2] * 4, q = d[3] - d[1] * 4, r = d[4] - d[2], s = d[3] - d[1];
  values[0] = d[4] - d[2] * 5 + d[0] * 4;
  values[1] = p + q;
  values[2] = p - q;
  values[3] = r + s * 2;
  values[4] = r - s * 2;
  values[5] = d[5] - d[3] * 5 + d[1] * 4;
}

/// The factors that interpolation leaves to the weights.
INLINE void NAME(scaled)(V *values) {
  values[0] *= 1 / 4.0f;
  values[1] *= -1 / 6.0f;
  values[2] *= -1 / 6.0f;
  values[3] *= 1 / 24.0f;
  values[4] *= 1 / 24.0f;
}

/// A column of the tile, 0 outside the image.
INLINE void NAME(tile_column)(
  const octet_tile *t, const float *x, ptrdiff_t column, V *values, const int size,
  const int isWhole
) {
  const int isInside = isWhole || (column >= t->firstColumn && column < t->endColumn);
  UNROLL for (int i = 0; i < size; i++) {
    values[i] = isWhole || (isInside && i >= t->firstRow && i < t->endRow)
      ? *(const V *)(x + i * t->row + column * t->pixel)
      : (V){0};
  }
}

INLINE void NAME(tile_inputs_of)(
  const octet_tile *t, const float *x, float *values, const int isWhole
) {
  for (ptrdiff_t c = 0; c < t->channels; c++, x += 16, values += 16) {
    V d[6];
    _Alignas(64) V half[6][6];
    ROLLED for (int j = 0; j < 6; j++) {
      V column[6];
      NAME(tile_column)(t, x, j, d, 6, isWhole);
      NAME(interpolated)(d, column);
      UNROLL for (int i = 0; i < 6; i++) half[i][j] = column[i];
    }
    ROLLED for (int i = 0; i < 6; i++) {
      NAME(interpolated)(half[i], d);
      UNROLL for (int j = 0; j < 6; j++) *(V *)(values + (6 * i + j) * t->point) = d[j];
    }
  }
}

INLINE int NAME(is_whole)(const octet_tile *t, ptrdiff_t size) {
  return t->firstRow <= 0 && t->firstColumn <= 0 && t->endRow >= size && t->endColumn >= size;
}

static void NAME(tile_inputs)(const octet_tile *tile, const float *x, float *values) {
  const octet_tile t = *tile;
  if (NAME(is_whole)(&t, 6)) NAME(tile_inputs_of)(&t, x, values, 1);
  else NAME(tile_inputs_of)(&t, x, values, 0);
}

INLINE void NAME(tile_outputs_of)(
  const octet_tile *t, const float *values, const float *bias, float *y, const int size,
  const int isWhole
) {
  for (ptrdiff_t c = 0; c < t->channels; c++, y += 16, values += 16) {
    V sums[6];
    _Alignas(64) V half[6][6];
    ROLLED for (int j = 0; j < 6; j++) {
      V column[6];
      UNROLL for (int i = 0; i < 6; i++) column[i] = *(const V *)(values + (6 * i + j) * t->point);
      NAME(collapse)(column, sums, size);
      UNROLL for (int i = 0; i < size; i++) half[i][j] = sums[i];
    }
    const V start = (V){0} + (bias ? bias[c] : 0);
    ROLLED for (int i = 0; i < size; i++) {
      if (!isWhole && (i < t->firstRow || i >= t->endRow)) continue;
      NAME(collapse)(half[i], sums, size);
      UNROLL for (int j = 0; j < size; j++) {
        if (!isWhole && (j < t->firstColumn || j >= t->endColumn)) continue;
        V *target = (V *)(y + i * t->row + j * t->pixel);
        const V sum = sums[j] + (t->accumulates ? *target : start);
        *target = t->relu ? NAME(chosen)(sum, sum > 0) : sum;
      }
    }
  }
}

static void NAME(tile_outputs)(
  const octet_tile *tile, ptrdiff_t size, const float *values, const float *bias, float *y
) {
  const octet_tile t = *tile;
  const int isWhole = NAME(is_whole)(&t, size);
  if (size == 4 && isWhole) NAME(tile_outputs_of)(&t, values, bias, y, 4, 1);
  else if (size == 4) NAME(tile_outputs_of)(&t, values, bias, y, 4, 0);
  else if (size == 2) NAME(tile_outputs_of)(&t, values, bias, y, 2, 0);
  else __builtin_trap();
}

INLINE void NAME(tile_gradients_of)(
  const octet_tile *t, const float *dy, float *values, const int size, const int isWhole
) {
  for (ptrdiff_t c = 0; c < t->channels; c++, dy += 16, values += 16) {
    V d[6];
    _Alignas(64) V half[6][4];
    ROLLED for (int j = 0; j < size; j++) {
      V column[6];
      NAME(tile_column)(t, dy, j, d, size, isWhole);
      NAME(expand)(d, column, size);
      UNROLL for (int i = 0; i < 6; i++) half[i][j] = column[i];
    }
    ROLLED for (int i = 0; i < 6; i++) {
      NAME(expand)(half[i], d, size);
      UNROLL for (int j = 0; j < 6; j++) *(V *)(values + (6 * i + j) * t->point) = d[j];
    }
  }
}

static void NAME(tile_gradients)(
  const octet_tile *tile, ptrdiff_t size, const float *dy, float *values
) {
  const octet_tile t = *tile;
  const int isWhole = NAME(is_whole)(&t, size);
  if (size == 4 && isWhole) NAME(tile_gradients_of)(&t, dy, values, 4, 1);
  else if (size == 4) NAME(tile_gradients_of)(&t, dy, values, 4, 0);
  else if (size == 2) NAME(tile_gradients_of)(&t, dy, values, 2, 0);
  else __builtin_trap();
}

INLINE V NAME(first_floats)(const float *x, ptrdiff_t count) {
  V v = {0};
  if (count >= 16) return *(const V *)x;
  for (ptrdiff_t i = 0; i < count; i++) v[i] = x[i];
  return v;
}

INLINE void NAME(tile_weights_of)(
  const float *w, ptrdiff_t tap, ptrdiff_t count, int isFlipped, float *values, ptrdiff_t point,
  const int taps
) {
  for (ptrdiff_t c = 0; c < count; c += 16, w += 16, values += 16) {
    V d[6];
    _Alignas(64) V half[6][6];
    ROLLED for (int j = 0; j < taps; j++) {
      V column[6];
      UNROLL for (int i = 0; i < taps; i++) {
        const int at = isFlipped ? taps * taps - 1 - i * taps - j : i * taps + j;
        d[i] = NAME(first_floats)(w + at * tap, count - c);
      }
      NAME(expand)(d, column, taps);
      NAME(scaled)(column);
      UNROLL for (int i = 0; i < 6; i++) half[i][j] = column[i];
    }
    ROLLED for (int i = 0; i < 6; i++) {
      NAME(expand)(half[i], d, taps);
      NAME(scaled)(d);
      UNROLL for (int j = 0; j < 6; j++) *(V *)(values + (6 * i + j) * point) = d[j];
    }
  }
}

static void NAME(tile_weights)(
  ptrdiff_t taps, const float *w, ptrdiff_t tap, ptrdiff_t count, int isFlipped, float *values,
  ptrdiff_t point
) {
  if (taps == 3) NAME(tile_weights_of)(w, tap, count, isFlipped, values, point, 3);
  else if (taps == 5) NAME(tile_weights_of)(w, tap, count, isFlipped, values, point, 5);
  else __builtin_trap();
}

INLINE void NAME(tile_sums_of)(
  const float *values, ptrdiff_t point, ptrdiff_t count, float *sums, ptrdiff_t tap,
  const int taps
) {
  for (ptrdiff_t c = 0; c < count; c += 16, sums += 16, values += 16) {
    V d[6];
    _Alignas(64) V half[6][6];
    ROLLED for (int j = 0; j < 6; j++) {
      V column[6];
      UNROLL for (int i = 0; i < 6; i++) column[i] = *(const V *)(values + (6 * i + j) * point);
      NAME(scaled)(column);
      NAME(collapse)(column, d, taps);
      UNROLL for (int i = 0; i < taps; i++) half[i][j] = d[i];
    }
    ROLLED for (int i = 0; i < taps; i++) {
      NAME(scaled)(half[i]);
      NAME(collapse)(half[i], d, taps);
      UNROLL for (int j = 0; j < taps; j++) {
        float *target = sums + (i * taps + j) * tap;
        if (count - c >= 16) *(V *)target = d[j];
        else for (ptrdiff_t lane = 0; lane < count - c; lane++) target[lane] = d[j][lane];
      }
    }
  }
}

static void NAME(tile_sums)(
  ptrdiff_t taps, const float *values, ptrdiff_t point, ptrdiff_t count, float *sums,
  ptrdiff_t tap
) {
  if (taps == 3) NAME(tile_sums_of)(values, point, count, sums, tap, 3);
  else if (taps == 5) NAME(tile_sums_of)(values, point, count, sums, tap, 5);
  else __builtin_trap();
}

/// Swaps the lanes' bits and the rows' bits one after the other.
static void NAME(transpose)(const float *x, ptrdiff_t count, float *y, ptrdiff_t yRow) {
  V v[16];
  UNROLL for (int i = 0; i < 16; i++) v[i] = i < count ? *(const V *)(x + 16 * i) : (V){0};
#define SWAP(step, low, high)                                                                     \
  UNROLL for (int i = 0; i < 16; i++) {                                                           \
    if (i & step) continue;                                                                       \
    const V a = v[i], b = v[i + step];                                                            \
    v[i] = __builtin_shufflevector(a, b, low);                                                    \
    v[i + step] = __builtin_shufflevector(a, b, high);                                            \
  }
#define LIST(...) __VA_ARGS__
  SWAP(8, LIST(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
       LIST(8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
  SWAP(4, LIST(0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27),
       LIST(4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31))
  SWAP(2, LIST(0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),
       LIST(2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))
  SWAP(1, LIST(0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30),
       LIST(1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31))
#undef SWAP
#undef LIST
  UNROLL for (int i = 0; i < 16; i++) *(V *)(y + i * yRow) = v[i];
}
