// What goes element by element: activations, loading of images, optimizers.

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

// The shards' sum for vector i, with the penalty.
INLINE void NAME(gradient)(
  const octet_update *u, const float *gradients, ptrdiff_t i, const V *value, V *gradient
) {
  V sum = ((const V *)gradients)[i];
  for (ptrdiff_t s = 1; s < u->shardCount; s++) {
    sum += ((const V *)(gradients + s * u->shardStride))[i];
  }
  *gradient = sum + u->penalty * *value;
}

static void NAME(update_sgd)(
  const octet_update *update, ptrdiff_t count, const float *gradients, float *velocities,
  float *parameters
) {
  const octet_update u = *update;
  for (ptrdiff_t i = 0; i < count; i++) {
    V *velocity = (V *)velocities + i, *parameter = (V *)parameters + i;
    const V value = *parameter * u.shrink;
    V gradient;
    NAME(gradient)(&u, gradients, i, &value, &gradient);
    *velocity = u.momentum * *velocity + gradient;
    *parameter = value - u.rate * *velocity;
  }
}

static void NAME(update_adam)(
  const octet_update *update, ptrdiff_t count, const float *gradients, float *firsts,
  float *seconds, float *parameters
) {
  const octet_update u = *update;
  for (ptrdiff_t i = 0; i < count; i++) {
    V *first = (V *)firsts + i, *second = (V *)seconds + i, *parameter = (V *)parameters + i;
    const V value = *parameter * u.shrink;
    V gradient;
    NAME(gradient)(&u, gradients, i, &value, &gradient);
    *first = u.momentum * *first + (1 - u.momentum) * gradient;
    *second = u.secondMomentum * *second + (1 - u.secondMomentum) * (gradient * gradient);
    const V root = __builtin_elementwise_sqrt(*second) * u.secondCorrection + u.epsilon;
    *parameter = value - u.rate * *first / root;
  }
}
