"""The random networks of the Keras cross-check: each function makes one from random numbers."""

import tensorflow as tf

L = tf.keras.layers
NETWORKS = {}


def network(function):
    NETWORKS[function.__name__] = function
    return function


def pick(random, *choices):
    return choices[random.integers(len(choices))]


def image(random, low=5, high=17, channels=(1, 2, 3, 4, 8)):
    return L.Input((int(random.integers(low, high)), int(random.integers(low, high)),
                    int(pick(random, *channels))))


def activation(random, x):
    kind = pick(random, "relu", "relu6", "none", "leaky", "hard_swish", "sigmoid", "tanh", "relu1",
                "hard_sigmoid", "clip", "prelu_like")
    if kind == "none":
        return x
    if kind == "relu":
        return L.ReLU()(x)
    if kind == "relu6":
        return L.ReLU(6.0)(x)
    if kind == "leaky":
        return L.LeakyReLU(negative_slope=float(random.uniform(0.01, 0.5)))(x)
    if kind == "hard_swish":
        return L.Lambda(lambda t: t * tf.nn.relu6(t + 3.0) * (1 / 6))(x)
    if kind == "relu1":
        return L.Lambda(lambda t: tf.maximum(-1.0, tf.minimum(t, 1.0)))(x)
    if kind == "hard_sigmoid":
        return L.Lambda(lambda t: tf.nn.relu6(t + 3.0) * (1 / 6))(x)
    if kind == "clip":
        return L.Lambda(lambda t: tf.clip_by_value(t, 0.0, 2.0))(x)
    if kind == "prelu_like":
        return L.Lambda(lambda t: tf.maximum(t, t * 0.25))(x)
    return L.Activation(kind)(x)


def convolution(random, x, channels=None, stride=None, same=False):
    kernel = (int(random.integers(1, 5)), int(random.integers(1, 5)))
    stride = stride or (int(random.integers(1, 3)), int(random.integers(1, 3)))
    dilation = (1, 1)
    if stride == (1, 1) and random.random() < 0.3:
        dilation = (int(random.integers(1, 3)), int(random.integers(1, 3)))
    channels = channels or int(random.integers(1, 13))
    padding = "same" if same or random.random() < 0.6 else "valid"
    groups = 1
    if x.shape[-1] % 2 == 0 and random.random() < 0.2 and dilation == (1, 1):
        groups, channels = 2, channels + channels % 2
    x = L.Conv2D(channels, kernel, stride, padding, dilation_rate=dilation, groups=groups,
                 use_bias=random.random() < 0.7, bias_initializer="random_normal")(x)
    if random.random() < 0.4:
        x = L.BatchNormalization(
            beta_initializer="random_normal", gamma_initializer="ones",
            moving_mean_initializer="random_normal")(x)
    return activation(random, x)


def depthwise(random, x):
    stride = int(random.integers(1, 3))
    dilation = int(random.integers(1, 3)) if stride == 1 else 1
    x = L.DepthwiseConv2D(
        (int(random.integers(1, 4)), int(random.integers(1, 4))), stride,
        pick(random, "same", "valid"), int(random.integers(1, 3)), dilation_rate=dilation,
        bias_initializer="random_normal")(x)
    return activation(random, x)


def head(random, x):
    kind = pick(random, "flatten", "average", "maximum", "mean", "mean_kept", "none")
    if kind == "flatten":
        x = L.Flatten()(x)
    elif kind == "average":
        x = L.GlobalAveragePooling2D()(x)
    elif kind == "maximum":
        x = L.MaxPooling2D((x.shape[1], x.shape[2]))(x)
        x = L.Flatten()(x)
    elif kind == "mean":
        x = L.Lambda(lambda t: tf.reduce_mean(t, axis=[1, 2]))(x)
    elif kind == "mean_kept":
        x = L.Lambda(lambda t: tf.reduce_mean(t, axis=[1, 2], keepdims=True))(x)
        x = L.Conv2D(5, 1)(x)
        x = L.Flatten()(x)
    else:
        return x
    if random.random() < 0.3:
        x = L.Dropout(0.3)(x)
    x = L.Dense(int(random.integers(2, 11)), bias_initializer="random_normal")(x)
    if random.random() < 0.6:
        x = L.Softmax()(x)
    return x


@network
def plain(random):
    x = source = image(random)
    for _ in range(int(random.integers(1, 4))):
        if min(x.shape[1:3]) < 5:
            break
        x = convolution(random, x)
        if min(x.shape[1:3]) > 3 and random.random() < 0.5:
            pool = pick(random, L.MaxPooling2D, L.AveragePooling2D)
            x = pool((int(random.integers(1, 4)), int(random.integers(1, 4))),
                     int(random.integers(1, 3)), pick(random, "same", "valid"))(x)
    return tf.keras.Model(source, head(random, x))


@network
def residual(random):
    x = source = image(random, 8)
    x = convolution(random, x, channels=6, same=True)
    for _ in range(2):
        y = convolution(random, x, channels=6, stride=(1, 1), same=True)
        kind = pick(random, L.Add, L.Subtract, L.Multiply, L.Maximum, L.Minimum)
        x = activation(random, kind()([x, y]))
    return tf.keras.Model(source, head(random, x))


@network
def inception(random):
    x = source = image(random, 8)
    parts = []
    for _ in range(int(random.integers(2, 4))):
        parts.append(convolution(random, x, stride=(1, 1), same=True))
    parts.append(L.MaxPooling2D(3, 1, "same")(x))
    x = L.Concatenate(axis=-1)(parts)
    if random.random() < 0.5:
        a = L.AveragePooling2D(2, 2)(x)
        b = convolution(random, x, stride=(2, 2), same=False, channels=4)
        if a.shape[1:3] == b.shape[1:3]:
            x = L.Concatenate()([a, b])
    return tf.keras.Model(source, head(random, x))


@network
def separable(random):
    x = source = image(random, 8)
    for _ in range(2):
        x = depthwise(random, x)
        if min(x.shape[1:3]) < 4:
            break
        x = convolution(random, x, stride=(1, 1), same=True)
    return tf.keras.Model(source, head(random, x))


@network
def autoencoder(random):
    x = source = image(random, 6, 12)
    x = L.Conv2D(6, 3, 2, "same", activation="relu")(x)
    x = L.Conv2DTranspose(
        int(random.integers(1, 6)), (int(random.integers(1, 5)), int(random.integers(2, 5))),
        int(random.integers(1, 4)), pick(random, "same", "valid"),
        use_bias=random.random() < 0.7, activation=pick(random, None, "relu"),
        bias_initializer="random_normal")(x)
    if random.random() < 0.5:
        x = L.Conv2DTranspose(3, 2, 2)(x)
    return tf.keras.Model(source, activation(random, x))


@network
def resizing(random):
    x = source = image(random, 4, 9)
    x = convolution(random, x, stride=(1, 1), same=True)
    size = (int(random.integers(2, 18)), int(random.integers(2, 18)))
    kind = pick(random, "layer", "nearest", "bilinear", "v1")
    if kind == "layer":
        x = L.UpSampling2D(int(random.integers(1, 4)),
                           interpolation=pick(random, "nearest", "bilinear"))(x)
    elif kind == "v1":
        method = pick(random, tf.compat.v1.image.resize_bilinear,
                      tf.compat.v1.image.resize_nearest_neighbor)
        align = bool(random.integers(2))
        half = not align and bool(random.integers(2))
        x = L.Lambda(lambda t: method(t, size, align_corners=align, half_pixel_centers=half))(x)
    else:
        x = L.Resizing(*size, interpolation=kind)(x)
    return tf.keras.Model(source, convolution(random, x))


@network
def arrangement(random):
    x = source = image(random, 6, 12, channels=(4, 6, 8))
    x = convolution(random, x, channels=8, stride=(1, 1), same=True)
    for _ in range(3):
        kind = pick(random, "pad", "slice", "strided", "split", "transpose", "reshape", "squeeze",
                    "negative", "channel", "ellipsis", "newaxis", "pad_value", "crop", "permute",
                    "mirror", "stack")
        height, width = x.shape[1:3]
        channels = x.shape[3]
        if kind == "pad":
            amounts = [[int(v) for v in random.integers(0, 3, 2)] for _ in range(2)]
            x = L.ZeroPadding2D(amounts)(x)
        elif kind == "pad_value":
            x = L.Lambda(lambda t: tf.pad(t, [[0, 0], [1, 2], [0, 1], [0, 1]],
                                          constant_values=0.5))(x)
        elif kind == "slice" and height > 3:
            x = L.Lambda(lambda t: t[:, 1:-1, :-1])(x)
        elif kind == "strided" and height > 3 and width > 3:
            x = L.Lambda(lambda t: t[:, ::2, 1::3])(x)
        elif kind == "negative":
            x = L.Lambda(lambda t: t[:, ::-1, ::-1])(x)
        elif kind == "channel":
            x = L.Lambda(lambda t: t[:, :, :, 1:3])(x)
        elif kind == "ellipsis":
            x = L.Lambda(lambda t: t[..., :2])(x)
        elif kind == "newaxis":
            x = L.Lambda(lambda t: t[:, :, 0, tf.newaxis, :])(x)
        elif kind == "split" and channels % 2 == 0:
            x = L.Lambda(lambda t: tf.concat(tf.split(t, 2, axis=-1)[::-1], axis=1))(x)
        elif kind == "transpose":
            x = L.Lambda(lambda t: tf.transpose(t, [0, 2, 1, 3]))(x)
        elif kind == "permute":
            x = L.Permute((3, 1, 2))(x)
        elif kind == "reshape":
            x = L.Reshape((height * width, channels, 1))(x)
        elif kind == "squeeze":
            x = L.Lambda(lambda t: tf.expand_dims(tf.squeeze(t[:, :1], axis=1), -1))(x)
        elif kind == "crop" and height > 3 and width > 3:
            x = L.Cropping2D(((1, 0), (0, 1)))(x)
        elif kind == "mirror" and random.random() < 0:
            x = L.Lambda(lambda t: tf.pad(t, [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT"))(x)
    return tf.keras.Model(source, head(random, x))


@network
def broadcasting(random):
    x = source = image(random, 5, 10)
    x = convolution(random, x, channels=4, stride=(1, 1), same=True)
    shape = pick(random, (4,), (1, 1, 1, 4), (1,), (), (1, x.shape[1], 1, 1),
                 (1, x.shape[1], x.shape[2], 4), (x.shape[2], 4))
    values = random.normal(size=shape).astype("float32") + 2
    operation = pick(random, tf.add, tf.subtract, tf.multiply, tf.maximum, tf.minimum)
    if random.random() < 0.5:
        x = L.Lambda(lambda t: operation(t, values))(x)
    else:
        x = L.Lambda(lambda t: operation(values, t))(x)
    squeezed = L.GlobalAveragePooling2D(keepdims=True)(x)
    gate = L.Conv2D(4, 1, activation="sigmoid")(squeezed)
    x = L.Multiply()([x, gate])
    return tf.keras.Model(source, head(random, x))


@network
def several(random):
    first, second = L.Input((6, 7, 3)), L.Input((6, 7, 3))
    a = convolution(random, first, channels=4, stride=(1, 1), same=True)
    b = convolution(random, second, channels=4, stride=(1, 1), same=True)
    joined = pick(random, L.Add, L.Concatenate, L.Multiply)()([a, b])
    outputs = [L.Dense(3)(L.Flatten()(joined)), L.Softmax()(L.Dense(5)(L.Flatten()(a)))]
    if random.random() < 0.5:
        outputs.append(joined)
    return tf.keras.Model([first, second], outputs)


@network
def dense(random):
    count = int(random.integers(2, 40))
    x = source = L.Input((count,))
    for _ in range(int(random.integers(1, 4))):
        x = activation(random, L.Dense(int(random.integers(1, 30)),
                                       use_bias=random.random() < 0.7)(x))
    if random.random() < 0.5:
        x = L.Softmax()(x)
    return tf.keras.Model(source, x)


@network
def sequence(random):
    x = source = L.Input((int(random.integers(6, 20)), int(random.integers(1, 5))))
    x = L.Conv1D(int(random.integers(2, 8)), int(random.integers(1, 4)), int(random.integers(1, 3)),
                 pick(random, "same", "valid", "causal"), activation="relu")(x)
    if random.random() < 0.5:
        x = L.MaxPooling1D(2)(x)
    if random.random() < 0.5:
        x = L.Dense(4)(x)
    x = pick(random, L.GlobalAveragePooling1D, L.Flatten, L.GlobalMaxPooling1D)()(x)
    return tf.keras.Model(source, L.Dense(3, activation="softmax")(x))


@network
def attention(random):
    """Products of two activations: attention, its parts by hand, or one matrix by another."""
    length, width = int(random.integers(3, 12)), int(random.integers(2, 10))
    x = source = L.Input((length, width))
    kind = pick(random, "layer", "by hand", "gram", "dot", "squares")
    if kind == "layer":
        heads, size = int(random.integers(1, 4)), int(random.integers(2, 6))
        x = L.MultiHeadAttention(heads, size, use_bias=bool(random.integers(2)))(x, x)
    elif kind == "by hand":
        count = int(random.integers(2, 9))
        query, key, value = (L.Conv1D(count, 1)(x) for _ in range(3))
        x = L.Lambda(lambda t: tf.matmul(
            tf.nn.softmax(tf.matmul(t[0], t[1], transpose_b=True)), t[2]))([query, key, value])
    elif kind == "gram":
        swapped = bool(random.integers(2))
        x = L.Lambda(lambda t: tf.matmul(t, t, transpose_a=swapped, transpose_b=not swapped))(
            L.Conv1D(5, 1, activation="relu")(x))
    elif kind == "dot":
        x = L.Dot(axes=(2, 2))([x, L.Conv1D(width, 1, activation="tanh")(x)])
    else:
        # Two dimensions: without a batch these become FULLY_CONNECTED.
        x = L.Lambda(lambda t: tf.expand_dims(tf.matmul(t[0], t[0], transpose_b=True), 0))(x)
    return tf.keras.Model(source, L.Dense(3)(L.GlobalAveragePooling1D()(x)))
