"""Models with weights, and products, whose accumulators lie between two neighbouring multipliers,
or are so large that a factor above 1 wraps them around."""

import math

import numpy as np
from corpus.tflite_builder import INT32, OPERATORS, Builder, options

CODES = np.arange(-128, 128, dtype=np.int8)


def quantized(real):
    """The multiplier in 2³⁰…2³¹ and the shift of a real factor."""
    fraction, exponent = math.frexp(real)
    return round(fraction * (1 << 31)), exponent


def requantized(values, multiplier, shift):
    """TFLM's two roundings, without overflow."""
    high = (values * (1 << max(shift, 0)) * multiplier + (1 << 30)) >> 31
    right = max(-shift, 0)
    remainder = high & ((1 << right) - 1)
    threshold = (((1 << right) - 1) >> 1) + (high < 0)
    return (high >> right) + (remainder > threshold)


def edges(real, limit, nudge):
    """Accumulators up to `limit` whose result changes with `nudge` units of the multiplier."""
    multiplier, shift = quantized(real)
    found = []
    for code in range(-140, 141):
        centre = round((code - 0.5) / real)
        if abs(centre) > limit:
            continue
        reach = abs(centre) * (abs(nudge) + 1) // (1 << 30) + 2
        reach += int(2 / real / (1 << max(-shift, 1)))
        near = np.arange(centre - reach, centre + reach + 1, max(1, reach // 500)).astype(object)
        near = np.array([int(value) for value in near], dtype=object)
        here, there = (requantized(near, m, shift) for m in (multiplier, multiplier + nudge))
        found += [int(value) for value in near[here != there][:2] if abs(value) < limit]
    return found


class TieNumbers:
    """Random numbers of the kinds that make ties. Small models have fewer elements."""

    def __init__(self, seed, is_small=False):
        self.random = np.random.default_rng(seed)
        self.is_small = is_small

    def any_scale(self, low, high):
        return np.float32(np.exp(self.random.uniform(np.log(low), np.log(high))))

    def zero(self):
        return int(self.random.integers(-128, 128))

    def pick(self, *values):
        return values[self.random.integers(0, len(values))]

    def ratio(self, low=1, high=13):
        return int(self.random.integers(low, high)) / int(self.random.integers(low, high))

    def base(self):
        return self.pick(0.1, 1 / 3, 0.7, 0.013, 1 / 7, 0.3, 0.05, 1 / 255, 1 / 127)

    def related(self, count):
        """Scales in the ratio of small integers, each rounded to float32."""
        base = self.base() * self.pick(1, 0.1, 0.01)
        return [np.float32(base * self.ratio()) for _ in range(count)]


class WeightTies(TieNumbers):
    def weighted(self, name, per_channel, channels=48):
        """One input element, 1, whose weight is 0 or 1: the accumulator is the bias."""
        b = Builder()
        s, z = self.any_scale(0.001, 0.01), self.zero()
        count = channels if per_channel else 1
        scales = np.array([self.any_scale(0.0001, 0.001) for _ in range(count)], np.float32)
        # Accumulators fill 30 bits, so that a unit of the multiplier is a unit of theirs.
        out = np.float32(
            np.float64(s) * np.float64(scales.max()) * self.random.uniform(1, 2) * 2**22)
        biases = np.zeros(channels, np.int64)
        for channel in range(channels):
            weight = scales[channel % count]
            real = np.float64(s) * np.float64(weight) / np.float64(out)
            found = edges(real, (1 << 31) - (1 << 17), self.pick(1, -1, 9, -9, 30, -30))
            if found:
                biases[channel] = found[self.random.integers(0, len(found))]
        depth = 4
        hidden = self.random.integers(-1, 2, (channels, depth)).astype(np.int8)
        biases -= hidden.astype(np.int64) @ (np.array([1, -1, 2, 0]))
        bias = biases.astype(np.int32)
        sample = np.clip(np.array([1, -1, 2, 0]) + z, -128, 127).astype(np.int8)
        y_zero = self.zero()
        bias_scale = (scales * s).astype(np.float32)

        def parameters(weights, axis):
            return [b.tensor(weights.shape, scales, 0, data=weights, axis=axis),
                    b.tensor([channels], bias_scale, 0, kind=INT32, data=bias)]

        if name == "fully_connected":
            x, y = b.tensor([1, depth], s, z), b.tensor([1, channels], out, y_zero)
            b.operator(OPERATORS.FULLY_CONNECTED, [x, *parameters(hidden, 0)], [y],
                       *options("FullyConnectedOptions"), 4)
        elif name == "convolution":
            x, y = b.tensor([1, 1, 1, depth], s, z), b.tensor([1, 1, 1, channels], out, y_zero)
            b.operator(OPERATORS.CONV_2D,
                       [x, *parameters(hidden.reshape(channels, 1, 1, depth), 0)], [y],
                       *options("Conv2DOptions", strideH=1, strideW=1, padding=1), 3)
        elif name == "transposed":
            x, y = b.tensor([1, 1, 1, depth], s, z), b.tensor([1, 1, 1, channels], out, y_zero)
            w = parameters(hidden.reshape(channels, 1, 1, depth), 0)
            b.operator(OPERATORS.TRANSPOSE_CONV,
                       [b.integers([1, 1, 1, channels]), w[0], x, w[1]], [y],
                       *options("TransposeConvOptions", strideH=1, strideW=1, padding=1), 3)
        else:
            x = b.tensor([1, 1, depth, 1], s, z)
            y = b.tensor([1, 1, 1, channels], out, y_zero)
            w = parameters(np.ascontiguousarray(hidden.T).reshape(1, 1, depth, channels), 3)
            b.operator(OPERATORS.DEPTHWISE_CONV_2D, [x, *w], [y],
                       *options("DepthwiseConv2DOptions", strideH=1, strideW=1, padding=1,
                                depthMultiplier=channels), 3)
        b.inputs, b.outputs = [x], [y]
        return b, sample.reshape(1, -1)

    def convolution(self):
        return self.weighted("convolution", False)

    def convolution_channels(self):
        return self.weighted("convolution", True)

    def depthwise(self):
        return self.weighted("depthwise", False)

    def depthwise_channels(self):
        return self.weighted("depthwise", True)

    def transposed(self):
        return self.weighted("transposed", False)

    def transposed_channels(self):
        return self.weighted("transposed", True)

    def fully_connected(self):
        return self.weighted("fully_connected", False)

    def fully_connected_channels(self):
        return self.weighted("fully_connected", True)

    def wrapping(self, name, pools=False):
        """Factors above 1: sums so large that TFLM's shift to the left wraps around."""
        b = Builder()
        depth, channels = 8, 24
        s, z = self.any_scale(0.01, 0.1), self.zero()
        scales = np.array([self.any_scale(0.001, 0.01) for _ in range(channels)], np.float32)
        out = np.float32(
            np.float64(s) * np.float64(scales.min()) / 2.0 ** self.random.uniform(0, 12))
        magnitude = 2 ** self.random.uniform(4, 30.5, channels)
        bias = (magnitude * self.random.choice([-1, 1], channels)).astype(np.int32)
        hidden = self.random.integers(-127, 128, (channels, depth)).astype(np.int8)
        y_zero = self.zero()
        if name == "fully_connected":
            scales = scales[:1]
        c = b.tensor([channels], scales * s, 0, kind=INT32, data=bias)
        weights, shape, axis = {
            "fully_connected": (hidden, [1, channels], 0),
            "convolution": (hidden.reshape(channels, 1, depth, 1), [1, 2, 17, channels], 0),
            "transposed": (hidden.reshape(channels, 1, depth, 1), [1, 2, 31, channels], 0),
            "depthwise": (hidden.T.reshape(1, 1, depth, channels), [1, 2, 17, channels], 3)}[name]
        x = b.tensor([1, depth] if name == "fully_connected" else [1, 2, 24, 1], s, z)
        w = b.tensor(weights.shape, scales, 0, data=weights, axis=axis)
        y = b.tensor(shape, out, y_zero)
        if name == "fully_connected":
            b.operator(OPERATORS.FULLY_CONNECTED, [x, w, c], [y],
                       *options("FullyConnectedOptions"), 4)
        elif name == "transposed":
            b.operator(OPERATORS.TRANSPOSE_CONV, [b.integers(shape), w, x, c], [y],
                       *options("TransposeConvOptions", strideH=1, strideW=1, padding=1), 3)
        elif name == "convolution":
            b.operator(OPERATORS.CONV_2D, [x, w, c], [y],
                       *options("Conv2DOptions", strideH=1, strideW=1, padding=1), 3)
        else:
            b.operator(OPERATORS.DEPTHWISE_CONV_2D, [x, w, c], [y], *options(
                "DepthwiseConv2DOptions", strideH=1, strideW=1, padding=1,
                depthMultiplier=channels), 3)
        b.inputs, b.outputs = [x], [y]
        if pools:
            pooled = b.tensor([1, 1, depth, channels], out, y_zero)
            b.operator(OPERATORS.MAX_POOL_2D, [y], [pooled], *options(
                "Pool2DOptions", padding=1, strideH=2, strideW=2, filterHeight=2, filterWidth=2))
            b.outputs = [pooled]
        size = depth if name == "fully_connected" else 48
        return b, self.random.integers(-128, 128, (4, size)).astype(np.int8)

    def wrapping_convolution(self):
        return self.wrapping("convolution")

    def wrapping_pooled(self):
        return self.wrapping("convolution", True)

    def wrapping_depthwise(self):
        return self.wrapping("depthwise")

    def wrapping_transposed(self):
        return self.wrapping("transposed")

    def wrapping_fully_connected(self):
        return self.wrapping("fully_connected")

    def wrapping_product(self):
        b = Builder()
        s, t = self.any_scale(0.01, 0.1), self.any_scale(0.01, 0.1)
        x, w = b.tensor([1, 6, 40], s, self.zero()), b.tensor([1, 40, 6], t, self.zero())
        y = b.tensor([1, 6, 6], s * t / 2 ** self.random.uniform(0, 16), self.zero())
        b.operator(OPERATORS.BATCH_MATMUL, [x, w], [y], *options("BatchMatMulOptions"), 2)
        b.inputs, b.outputs = [x, w], [y]
        return b, self.random.integers(-128, 128, (8, 480)).astype(np.int8)

    def wrapping_multiply(self):
        a, c = self.any_scale(0.01, 0.1), self.any_scale(0.01, 0.1)
        return self.pairs(
            OPERATORS.MUL, "MulOptions", [a, c, a * c / 2 ** self.random.uniform(8, 28)], (0,))

    def product(self, operator):
        """Rows of a are 255, 1 and zeros; a column of b makes any accumulator of them."""
        depth, columns = 512, 64
        while True:
            s, t = self.any_scale(0.01, 0.1), self.any_scale(0.01, 0.1)
            out = np.float32(np.float64(s) * np.float64(t) * 255 * 255 * depth / 2
                             / 140 * self.random.uniform(0.8, 1.2))
            real = np.float64(s) * np.float64(t) / np.float64(out)
            nudge = self.pick(6, 15, 40)
            found = edges(real, 255 * 120 * depth, nudge) + edges(real, 255 * 120 * depth, -nudge)
            if found:
                break
        a = np.full(depth, 127, np.int64)
        a[-1] = -127  # Real 255, …, 255, 1 with a zero point of −128.
        b_codes = np.zeros((depth, columns), np.int64)
        for column in range(columns):
            target = found[column % len(found)]
            whole, rest = divmod(abs(target), 255)
            share = np.full(depth - 1, whole // (depth - 1))
            share[:whole % (depth - 1)] += 1
            values = np.append(share, 0)
            # 255 · Σ + rest, the rest split into the last place and one step more.
            if rest > 127:
                values[0] += 1
                rest -= 255
            values[-1] = rest
            b_codes[:, column] = values if target >= 0 else -values
        assert abs(b_codes).max() <= 127 and a.max() <= 127
        b = Builder()
        y_zero = self.pick(0, 0, 5)
        x = b.tensor([1, depth], s, -128)
        if operator == OPERATORS.BATCH_MATMUL:
            w, y = b.tensor([depth, columns], t, 0), b.tensor([1, columns], out, y_zero)
            b.operator(operator, [x, w], [y], *options("BatchMatMulOptions"), 2)
            sample = np.concatenate([a, b_codes.reshape(-1)])
        else:
            w, y = b.tensor([columns, depth], t, 0), b.tensor([1, columns], out, y_zero)
            b.operator(operator, [x, w, -1], [y], *options("FullyConnectedOptions"), 4)
            sample = np.concatenate([a, b_codes.T.reshape(-1)])
        b.inputs, b.outputs = [x, w], [y]
        return b, sample.astype(np.int8).reshape(1, -1)

    def batch_matmul(self):
        return self.product(OPERATORS.BATCH_MATMUL)

    def computed_weights(self):
        return self.product(OPERATORS.FULLY_CONNECTED)
