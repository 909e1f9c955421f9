"""Random models of one pool, convolution or fully connected operator."""

import numpy as np

from corpus.tflite_builder import INT4, INT8, INT32, OPERATORS, RandomModels, options


class WeightedCases(RandomModels):
    def pool(self, code):
        shape = self.image()
        kernel = [self.size(1, min(5, shape[1] + 1)), self.size(1, min(5, shape[2] + 1))]
        stride = [self.size(1, 4), self.size(1, 4)]
        padding = int(self.random.integers(0, 2))
        output = [1] + [
            -(-shape[1 + k] // stride[k]) if padding == 0
            else (shape[1 + k] - kernel[k]) // stride[k] + 1 for k in range(2)] + [shape[3]]
        return self.one(
            code, shape, None, output, options=options(
                "Pool2DOptions", padding=padding, strideH=stride[0], strideW=stride[1],
                filterHeight=kernel[0], filterWidth=kernel[1],
                fusedActivationFunction=int(self.random.choice([0, 1, 3]))))

    def max_pool(self):
        return self.pool(OPERATORS.MAX_POOL_2D)

    def average_pool(self):
        return self.pool(OPERATORS.AVERAGE_POOL_2D)

    def weights(self, b, shape, axis, input_scale, channels, per_channel=True):
        """int8 or int4 weights and an int32 bias; of uint8 one scale and a zero point."""
        is_unsigned = self.form == "uint8"
        count = channels if per_channel and not is_unsigned else 1
        scales = np.array([self.scale(0.001, 0.02) for _ in range(count)], np.float32)
        data = self.random.integers(-127, 128, shape).astype(np.int8)
        zero = int(self.random.integers(-60, 60)) if is_unsigned else 0
        kind = INT8
        if self.form == "int4":
            # TensorFlow Lite writes no -8, and reads it.
            data, scales, kind = data >> 4, scales * np.float32(16), INT4
        result = [b.tensor(shape, scales, zero, kind, data, axis)]
        bias = self.random.integers(-5000, 5000, channels).astype(np.int32)
        result.append(b.tensor([channels], scales * input_scale, 0, kind=INT32, data=bias))
        return result

    def convolution(self):
        b = self.builder()
        groups = self.size(1, 4)
        shape = [1, self.size(5, 11), self.size(5, 11), groups * self.size(1, 4)]
        channels = groups * self.size(1, 5)
        kernel, stride = [self.size(1, 4), self.size(1, 4)], [self.size(1, 4), self.size(1, 4)]
        dilation = [self.size(1, 3), self.size(1, 3)]
        padding = int(self.random.integers(0, 2))
        output = [1] + [self.extent(shape[1 + k], kernel[k], stride[k], dilation[k], padding)
                        for k in range(2)] + [channels]
        s, z = self.own()
        x = b.tensor(shape, s, z)
        w = self.weights(b, [channels, *kernel, shape[3] // groups], 0, s, channels,
                         self.random.random() < 0.8)
        y = b.tensor(output, *self.own())
        value, kind = options(
            "Conv2DOptions", padding=padding, strideH=stride[0], strideW=stride[1],
            dilationHFactor=dilation[0], dilationWFactor=dilation[1],
            fusedActivationFunction=int(self.random.choice([0, 1, 3])))
        b.operator(OPERATORS.CONV_2D, [x, *w], [y], value, kind)
        b.inputs, b.outputs = [x], [y]
        return b

    def depthwise(self):
        b = self.builder()
        multiplier = self.size(1, 4)
        shape = [1, self.size(5, 11), self.size(5, 11), self.size(1, 6)]
        channels = shape[3] * multiplier
        kernel, stride = [self.size(1, 4), self.size(1, 4)], [self.size(1, 4)] * 2
        dilation = [self.size(1, 3)] * 2
        padding = int(self.random.integers(0, 2))
        output = [1] + [self.extent(shape[1 + k], kernel[k], stride[k], dilation[k], padding)
                        for k in range(2)] + [channels]
        s, z = self.own()
        x = b.tensor(shape, s, z)
        w = self.weights(b, [1, *kernel, channels], 3, s, channels)
        y = b.tensor(output, *self.own())
        value, kind = options(
            "DepthwiseConv2DOptions", padding=padding, strideH=stride[0], strideW=stride[1],
            depthMultiplier=multiplier, dilationHFactor=dilation[0], dilationWFactor=dilation[1],
            fusedActivationFunction=int(self.random.choice([0, 1, 3])))
        b.operator(OPERATORS.DEPTHWISE_CONV_2D, [x, *w], [y], value, kind)
        b.inputs, b.outputs = [x], [y]
        return b

    @staticmethod
    def extent(size, kernel, stride, dilation, padding):
        if padding == 0:
            return -(-size // stride)
        return (size - (kernel - 1) * dilation - 1) // stride + 1

    def transposed(self):
        b = self.builder()
        shape = [1, self.size(2, 6), self.size(2, 6), self.size(1, 5)]
        channels = self.size(1, 5)
        kernel, stride = [self.size(1, 5), self.size(1, 5)], [self.size(1, 4), self.size(1, 4)]
        padding = int(self.random.integers(0, 2))
        output = [1] + [
            shape[1 + k] * stride[k] if padding == 0
            else (shape[1 + k] - 1) * stride[k] + kernel[k] for k in range(2)] + [channels]
        s, z = self.own()
        x = b.tensor(shape, s, z)
        w = self.weights(b, [channels, *kernel, shape[3]], 0, s, channels)
        y = b.tensor(output, *self.own())
        value, kind = options(
            "TransposeConvOptions", padding=padding, strideH=stride[0], strideW=stride[1])
        b.operator(
            OPERATORS.TRANSPOSE_CONV, [b.integers(output), w[0], x, w[1]], [y], value, kind, 3)
        b.inputs, b.outputs = [x], [y]
        return b

    def batch_matmul(self):
        """Leading dimensions shared, repeated or absent; now and then one operand a constant."""
        b = self.builder()
        m, k, n = self.size(1, 12), self.size(1, 40), self.size(1, 20)
        leading = [self.size(1, 4) for _ in range(self.size(0, 3))]
        x_shape, y_shape = list(leading), list(leading)
        for axis in range(len(leading)):
            case = self.random.random()
            if case < 0.2:
                x_shape[axis] = 1
            elif case < 0.4:
                y_shape[axis] = 1
        output = [max(p, q) for p, q in zip(x_shape, y_shape)] + [m, n]
        adj_x, adj_y = (bool(self.random.integers(0, 2)) for _ in range(2))
        x_shape += [k, m] if adj_x else [m, k]
        y_shape += [n, k] if adj_y else [k, n]
        data = None
        if self.random.random() < 0.3:
            data = self.random.integers(-128, 128, y_shape).astype(np.int8)
        x, y = b.tensor(x_shape, *self.own()), b.tensor(y_shape, *self.own(), data=data)
        z = b.tensor(output, self.scale(0.01, 0.5), self.zero())
        value, kind = options("BatchMatMulOptions", adjX=adj_x, adjY=adj_y)
        b.operator(OPERATORS.BATCH_MATMUL, [x, y], [z], value, kind, 2)
        b.inputs, b.outputs = [x] if data is not None else [x, y], [z]
        return b

    def computed_weights(self):
        """A fully connected operator whose weights are an activation."""
        b = self.builder()
        depth, channels, rows = self.size(1, 40), self.size(1, 20), self.size(1, 5)
        x = b.tensor([rows, depth], *self.own())
        w = b.tensor([channels, depth], *self.own())
        y = b.tensor([rows, channels], self.scale(0.01, 0.5), self.zero())
        value, kind = options(
            "FullyConnectedOptions",
            fusedActivationFunction=int(self.random.choice([0, 1, 3])))
        b.operator(OPERATORS.FULLY_CONNECTED, [x, w, -1], [y], value, kind, 4)
        b.inputs, b.outputs = [x, w], [y]
        return b

    def fully_connected(self):
        b = self.builder()
        depth, channels = self.size(1, 60), self.size(1, 30)
        keeps = bool(self.random.integers(0, 2))
        shape = [1, self.size(1, 4), depth] if keeps else [1, depth]
        s, z = self.own()
        x = b.tensor(shape, s, z)
        # TFLM takes one scale alone of int4.
        per_channel = self.random.random() < 0.5 and self.form != "int4"
        w = self.weights(b, [channels, depth], 0, s, channels, per_channel)
        y = b.tensor(shape[:-1] + [channels], *self.own())
        value, kind = options(
            "FullyConnectedOptions", keepNumDims=keeps,
            fusedActivationFunction=int(self.random.choice([0, 1, 3])))
        b.operator(OPERATORS.FULLY_CONNECTED, [x, *w], [y], value, kind, 4)
        b.inputs, b.outputs = [x], [y]
        return b
