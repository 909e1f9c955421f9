"""Random models of one operator that changes single elements, or moves, joins or reduces them."""

import numpy as np
from corpus.tflite_builder import BOOL, FLOAT, INT32, OPERATORS, UINT8, RandomModels, options


class MoreCases(RandomModels):
    def values(self, tensor):
        """Random values for an input."""
        if tensor.type == FLOAT:
            low, high = self.reach
            return self.random.uniform(low, high, tensor.shape).astype(np.float32)
        codes = self.random.integers(self.least, 128, tensor.shape).astype(np.int8)
        return codes.view(np.uint8) ^ np.uint8(128) if tensor.type == UINT8 else codes

    # What inputs reach: reals of float models, and the least code.
    reach, least = (-4, 4), -128

    # Functions of one element

    def function(self, code, settings=None, positive=False, output=None):
        """One that is defined above zero gets no other values."""
        x = (self.scale(0.01, 0.05), -128 if positive else self.zero())
        if positive:
            # Not 0 either: there its slope has no end.
            self.reach, self.least = (0.1, 8), -120
        shape = self.image()
        b = self.builder()
        source = b.tensor(shape, *x)
        result = b.tensor(shape, *(output or (self.scale(0.01, 0.1), self.zero())))
        value, kind = settings or (None, 0)
        b.operator(code, [source], [result], value, kind)
        b.inputs, b.outputs = [source], [result]
        return b

    def negate(self):
        return self.function(OPERATORS.NEG, options("NegOptions"))

    def absolute(self):
        return self.function(OPERATORS.ABS, options("AbsOptions"))

    def exponential(self):
        return self.function(
            OPERATORS.EXP, options("ExpOptions"), output=(self.scale(0.05, 1), -128))

    def logarithm(self):
        return self.function(OPERATORS.LOG, positive=True)

    def square_root(self):
        return self.function(OPERATORS.SQRT, positive=True)

    def inverse_root(self):
        return self.function(OPERATORS.RSQRT, positive=True)

    def elu(self):
        return self.function(OPERATORS.ELU)

    def gelu(self):
        return self.function(
            OPERATORS.GELU, options("GeluOptions", approximate=bool(self.random.integers(0, 2))))

    def square(self):
        return self.function(OPERATORS.SQUARE, options("SquareOptions"))

    def sine(self):
        return self.function(OPERATORS.SIN)

    def cosine(self):
        return self.function(OPERATORS.COS, options("CosOptions"))

    def floor(self):
        return self.function(OPERATORS.FLOOR)

    def ceiling(self):
        return self.function(OPERATORS.CEIL)

    def rounding(self):
        return self.function(OPERATORS.ROUND)

    # Two inputs, and choices

    def squared_difference(self):
        return self.binary(OPERATORS.SQUARED_DIFFERENCE)

    def select(self, code=OPERATORS.SELECT_V2, name="SelectV2Options"):
        b = self.builder()
        shape, quantization = self.image(), self.own()
        condition = list(shape)
        if code == OPERATORS.SELECT_V2:
            condition[int(self.random.integers(1, 4))] = 1
        truths = self.random.integers(0, 2, condition).astype(bool)
        c = b.tensor(condition, kind=BOOL, data=truths)
        x, y, z = (b.tensor(shape, *quantization) for _ in range(3))
        b.operator(code, [c, x, y], [z], *options(name))
        b.inputs, b.outputs = [x, y], [z]
        return b

    def select_v1(self):
        return self.select(OPERATORS.SELECT, "SelectOptions")

    def dynamic_range(self):
        """Weights in int8, activations in floats; the int8 form has both in int8."""
        b = self.builder()
        channels, depth = self.size(2, 8), self.size(2, 8)
        x = b.tensor([1, depth], *self.own())
        data = self.random.integers(-127, 128, [channels, depth]).astype(np.int8)
        form, b.form = b.form, "int8"
        w = b.tensor([channels, depth], self.scale(), 0, data=data)
        b.form = form
        y = b.tensor([1, channels], *self.own())
        b.operator(OPERATORS.FULLY_CONNECTED, [x, w, -1], [y],
                   *options("FullyConnectedOptions"), 4)
        b.inputs, b.outputs = [x], [y]
        return b

    # Reductions

    def reduction(self, code, axes=None, output=None):
        shape = self.image()
        choices = [[1, 2], [1], [2], [3], [2, 3], [-1], [1, 2, 3]]
        axes = axes or choices[self.random.integers(0, len(choices))]
        keeps = bool(self.random.integers(0, 2))
        resolved = [axis % 4 for axis in axes]
        result = [1 if k in resolved else d for k, d in enumerate(shape)
                  if keeps or k not in resolved]
        return self.one(
            code, shape, output, result, lambda b: [b.integers(axes)],
            options=options("ReducerOptions", keepDims=keeps))

    def sum(self):
        return self.reduction(OPERATORS.SUM, output=(self.scale(0.05, 1), self.zero()))

    def reduce_max(self):
        return self.reduction(OPERATORS.REDUCE_MAX)

    def reduce_min(self):
        return self.reduction(OPERATORS.REDUCE_MIN)

    def l2_normalization(self):
        return self.one(
            OPERATORS.L2_NORMALIZATION, output=(1 / 128, 0), options=options("L2NormOptions"))

    # Movements

    def blocks(self, code, name, to_space):
        shape, size = self.image(), int(self.random.integers(1, 4))
        small, large = [1, *shape[1:3], shape[3] * size * size], [
            1, shape[1] * size, shape[2] * size, shape[3]]
        return self.one(
            code, small if to_space else large, None, large if to_space else small,
            options=options(name, blockSize=size))

    def depth_to_space(self):
        return self.blocks(OPERATORS.DEPTH_TO_SPACE, "DepthToSpaceOptions", True)

    def space_to_depth(self):
        return self.blocks(OPERATORS.SPACE_TO_DEPTH, "SpaceToDepthOptions", False)

    def mirror_pad(self):
        shape, mode = self.image(), int(self.random.integers(0, 2))
        amounts = [[0, 0]] + [
            [int(self.random.integers(0, d + mode)) for _ in range(2)] for d in shape[1:]]
        return self.one(
            OPERATORS.MIRROR_PAD, shape, None, [d + sum(a) for d, a in zip(shape, amounts)],
            lambda b: [b.integers(amounts)], options=options("MirrorPadOptions", mode=mode))

    def gather(self):
        shape, axis = self.image(), int(self.random.integers(1, 4))
        places = self.random.integers(0, shape[axis], self.size(1, 7)).tolist()
        result = shape[:axis] + [len(places)] + shape[axis + 1:]
        return self.one(
            OPERATORS.GATHER, shape, None, result, lambda b: [b.integers(places)],
            options=options("GatherOptions", axis=axis))

    def pack(self):
        b = self.builder()
        shape, quantization, count = self.image()[1:], self.own(), self.size(1, 4)
        axis = int(self.random.integers(0, 4))
        inputs = [b.tensor(shape, *quantization) for _ in range(count)]
        y = b.tensor(shape[:axis] + [count] + shape[axis:], *quantization)
        b.operator(OPERATORS.PACK, inputs, [y],
                   *options("PackOptions", valuesCount=count, axis=axis))
        b.inputs, b.outputs = inputs, [y]
        return b

    def unpack(self):
        b = self.builder()
        shape, quantization = self.image(), self.own()
        axis = int(self.random.integers(1, 4))
        x = b.tensor(shape, *quantization)
        outputs = [b.tensor(shape[:axis] + shape[axis + 1:], *quantization)
                   for _ in range(shape[axis])]
        b.operator(OPERATORS.UNPACK, [x], outputs,
                   *options("UnpackOptions", num=shape[axis], axis=axis))
        b.inputs, b.outputs = [x], outputs
        return b

    def tile(self):
        shape = self.image()
        counts = [1] + [int(self.random.integers(1, 4)) for _ in range(3)]
        if self.random.random() < 0.3:
            counts = [1] * 4
        return self.one(
            OPERATORS.TILE, shape, None, [d * c for d, c in zip(shape, counts)],
            lambda b: [b.integers(counts)])

    def split(self):
        b = self.builder()
        axis = int(self.random.integers(1, 4))
        count = self.size(2, 4)
        shape = self.image()
        shape[axis] = count * self.size(1, 4)
        quantization = self.own()
        x = b.tensor(shape, *quantization)
        part = list(shape)
        part[axis] //= count
        outputs = [b.tensor(part, *quantization) for _ in range(count)]
        value, kind = options("SplitOptions", numSplits=count)
        b.operator(
            OPERATORS.SPLIT, [b.tensor([], kind=INT32, data=np.int32(axis)), x], outputs, value,
            kind)
        b.inputs, b.outputs = [x], outputs
        return b

    def split_v(self):
        b = self.builder()
        axis = int(self.random.integers(1, 4))
        shape = self.image()
        counts = [self.size(1, 4) for _ in range(self.size(2, 4))]
        shape[axis] = sum(counts)
        quantization = self.own()
        x = b.tensor(shape, *quantization)
        outputs = []
        for count in counts:
            part = list(shape)
            part[axis] = count
            outputs.append(b.tensor(part, *quantization))
        value, kind = options("SplitVOptions", numSplits=len(counts))
        b.operator(
            OPERATORS.SPLIT_V,
            [x, b.integers(counts), b.tensor([], kind=INT32, data=np.int32(axis))], outputs, value,
            kind)
        b.inputs, b.outputs = [x], outputs
        return b

    def resize(self, code, name):
        shape = self.image()
        size = [self.size(1, 20), self.size(1, 20)]
        corners, half = [(False, False), (True, False), (False, True)][self.random.integers(0, 3)]
        return self.one(
            code, shape, None, [1, *size, shape[3]], lambda b: [b.integers(size)],
            options=options(name, alignCorners=corners, halfPixelCenters=half))

    def resize_nearest(self):
        return self.resize(OPERATORS.RESIZE_NEAREST_NEIGHBOR, "ResizeNearestNeighborOptions")

    def resize_bilinear(self):
        return self.resize(OPERATORS.RESIZE_BILINEAR, "ResizeBilinearOptions")

    SEEDS = {
        "negate": 37, "absolute": 38, "exponential": 39, "logarithm": 40, "square_root": 41,
        "inverse_root": 42, "elu": 43, "gelu": 44, "square": 45, "sine": 46, "cosine": 47,
        "floor": 48, "ceiling": 49, "rounding": 50, "squared_difference": 51, "select": 52,
        "select_v1": 53, "dynamic_range": 54, "sum": 54, "reduce_max": 55, "reduce_min": 56,
        "l2_normalization": 57, "depth_to_space": 58, "space_to_depth": 59, "mirror_pad": 60,
        "gather": 61, "pack": 62, "unpack": 63, "tile": 64,
    }
