"""Hostile TFLite files: each is a small sound model with one thing wrong, in a table, in a constant
or in the bytes, and the reader must refuse every one. Beside them lie sound models to change at
random."""

import struct

import flatbuffers
import numpy as np

from corpus.tflite_builder import INT32, OPERATORS, Builder, options, schema
from corpus.tflite_cases import Cases

LARGEST = 2 ** 31 - 1
SMALLEST = -2 ** 31
FILES = {}


def convolution():
    """x [1, 4, 4, 1], weights [2, 3, 3, 1], bias [2]."""
    b = Builder()
    x = b.tensor([1, 4, 4, 1], 0.05, 3)
    weights = b.tensor([2, 3, 3, 1], [0.01, 0.02], data=np.arange(18, dtype=np.int8) - 9)
    bias = b.tensor([2], [0.0005, 0.001], kind=INT32, data=np.array([100, -200], np.int32))
    y = b.tensor([1, 4, 4, 2], 0.1, -7)
    b.inputs, b.outputs = [x], [y]
    value, kind = options("Conv2DOptions", strideH=1, strideW=1, dilationHFactor=1,
                          dilationWFactor=1)
    b.operator(OPERATORS.CONV_2D, [x, weights, bias], [y], value, kind)
    return b


def arrangement(code, constants, outputs=([1, 4, 4, 2],), value=None, position=0):
    """One operator on x [1, 4, 4, 2] with int32 constants; x stands at `position`."""
    b = Builder()
    x = b.tensor([1, 4, 4, 2], 0.05, 3)
    others = [b.integers(constant) for constant in constants]
    results = [b.tensor(shape, 0.05, 3) for shape in outputs]
    b.inputs, b.outputs = [x], results
    others.insert(position, x)
    b.operator(code, others, results, *(value or (None, 0)))
    return b


def table(name):
    """A convolution with a table changed by the function."""
    def register(function):
        b = convolution()
        function(b)
        FILES[name] = b.bytes()
    return register


def patch(name, offset, code, value, source=None):
    """A convolution with a number in its bytes changed."""
    content = bytearray(source or convolution().bytes())
    struct.pack_into(code, content, offset, value)
    FILES[name] = bytes(content)


def model_of(b):
    """The packed tables of a builder, to change what it does not."""
    return schema.ModelT.InitFromPackedBuf(b.bytes(), 0)


def packed(model):
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def tables():
    def shape(index, value):
        def change(b):
            b.tensors[index].shape = value
        return change

    def scale(index, values, zeros=None):
        def change(b):
            quantization = b.tensors[index].quantization
            quantization.scale = np.array(values, np.float32)
            quantization.zeroPoint = np.array(zeros or [0] * len(values), np.int64)
        return change

    def node(**fields):
        def change(b):
            for key, value in fields.items():
                setattr(b.operators[0], key, value)
        return change

    def option(**fields):
        def change(b):
            for key, value in fields.items():
                setattr(b.operators[0].builtinOptions, key, value)
        return change

    def field(index, name, value):
        def change(b):
            setattr(b.tensors[index], name, value)
        return change

    def ends(**fields):
        def change(b):
            for key, value in fields.items():
                setattr(b, key, value)
        return change

    changes = {
        "absent-weights": node(inputs=[0, -1, 2]),
        "activation-kind": option(fusedActivationFunction=77),
        "bias-shape": shape(2, [3]),
        "buffer-index": field(1, "buffer", 1000),
        "cyclic-node": node(inputs=[3, 1, 2]),
        "dilation-negative": option(dilationHFactor=-1),
        "huge-dimensions": shape(0, [1, 1 << 30, 1 << 30, 1]),
        "int16": field(0, "type", 7),
        "many-dimensions": shape(0, [1] * 40),
        "many-inputs": ends(inputs=[0] * 300),
        "negative-dimension": shape(0, [1, -4, 4, 1]),
        "no-model-outputs": ends(outputs=[]),
        "no-outputs": node(outputs=[]),
        "no-quantization": field(0, "quantization", None),
        "open-height": field(0, "shapeSignature", [-1, -1, -1, 1]),
        "operator-code": node(opcodeIndex=9),
        "options-type": node(builtinOptionsType=5, builtinOptions=schema.Pool2DOptionsT()),
        "output-shape": shape(3, [1, 5, 4, 2]),
        "padding-kind": option(padding=9),
        "product-overflow": shape(0, [LARGEST] * 4),
        "scale-count": scale(1, [0.1, 0.2, 0.3]),
        "scale-nan": scale(0, [float("nan")]),
        "scale-negative": scale(0, [-0.05]),
        "stride-huge": option(strideH=LARGEST),
        "stride-zero": option(strideH=0),
        "tensor-index": node(inputs=[99, 1, 2]),
        "variable": field(0, "isVariable", True),
        "weights-shape": shape(1, [2, 3, 3, 3]),
        "zero-dimension": shape(0, [1, 0, 4, 1]),
        "zero-point": scale(0, [0.05], [1000]),
    }
    for name, change in changes.items():
        table(name)(change)


def constants():
    big = [LARGEST] * 4
    FILES["axis-extremes"] = arrangement(OPERATORS.MEAN, [[LARGEST, SMALLEST]]).bytes()
    FILES["pad-extremes"] = arrangement(
        OPERATORS.PAD, [[[0, 0], [LARGEST, LARGEST], [LARGEST, 0], [0, 0]]]).bytes()
    FILES["permutation"] = arrangement(OPERATORS.TRANSPOSE, [[0, 1, 1, 3]]).bytes()
    FILES["reshape-product"] = arrangement(
        OPERATORS.RESHAPE, [[65536, 65536, 65536, -1]], [[]]).bytes()
    FILES["resize-size"] = arrangement(
        OPERATORS.RESIZE_NEAREST_NEIGHBOR, [[LARGEST, LARGEST]]).bytes()
    FILES["slice-count"] = arrangement(OPERATORS.SLICE, [[0, 0, 0, 0], [1, 9, 4, 2]]).bytes()
    FILES["slice-extremes"] = arrangement(OPERATORS.SLICE, [big, big]).bytes()
    halves = [[1, 4, 4, 1]] * 2
    FILES["split-extremes"] = arrangement(
        OPERATORS.SPLIT_V, [[LARGEST, LARGEST], 3], halves).bytes()
    FILES["split-open-twice"] = arrangement(OPERATORS.SPLIT_V, [[-1, -1], 3], halves).bytes()
    strided = options("StridedSliceOptions")
    FILES["stride-zero-slice"] = arrangement(
        OPERATORS.STRIDED_SLICE, [[0] * 4, [1, 4, 4, 2], [1, 0, 1, 1]], value=strided).bytes()
    FILES["strided-extremes"] = arrangement(
        OPERATORS.STRIDED_SLICE, [[SMALLEST] * 4, big, [SMALLEST] * 4], value=strided).bytes()
    FILES["strided-ellipses"] = arrangement(
        OPERATORS.STRIDED_SLICE, [[0] * 4, [1, 4, 4, 2], [1] * 4],
        value=options("StridedSliceOptions", ellipsisMask=15)).bytes()
    FILES["strided-many"] = arrangement(
        OPERATORS.STRIDED_SLICE, [[0] * 40, [1] * 40, [1] * 40],
        value=options("StridedSliceOptions", newAxisMask=-1)).bytes()
    FILES["tile-extremes"] = arrangement(OPERATORS.TILE, [big]).bytes()
    FILES["reduce-max-axes"] = arrangement(OPERATORS.REDUCE_MAX, [[SMALLEST, 1]]).bytes()
    FILES["expand-axis"] = arrangement(OPERATORS.EXPAND_DIMS, [LARGEST], [[7]]).bytes()
    b = Builder()
    shape = [b.tensor([1, 4], 0.05) for _ in range(3)]
    b.inputs, b.outputs = [shape[0]], [shape[2]]
    b.operator(OPERATORS.RANGE, [shape[0]], [shape[1]])
    b.operator(OPERATORS.BROADCAST_TO, [shape[1]], [shape[2]])
    FILES["unsupported"] = b.bytes()


def shapes():
    """Shapes that the model computes."""
    def chain(build):
        b = Builder()
        x = b.tensor([1, 4, 4, 2], 0.05, 3)
        y = b.tensor([1, 32], 0.05, 3)
        b.tensors[y].shapeSignature = [-1, 32]
        b.inputs, b.outputs = [x], [y]
        b.operator(OPERATORS.RESHAPE, [x, build(b, x)], [y])
        return b.bytes()

    def node(b, code, inputs, value=None, count=4):
        result = b.tensor([count], kind=INT32)
        b.operator(code, inputs, [result], *(value or (None, 0)))
        return result

    def doubled(b, x):
        last = node(b, OPERATORS.SHAPE, [x])
        for _ in range(40):
            last = node(b, OPERATORS.CONCATENATION, [last, last],
                        options("ConcatenationOptions", axis=0))
        return last

    def squared(b, x):
        last = node(b, OPERATORS.SHAPE, [x])
        for _ in range(70):
            last = node(b, OPERATORS.MUL, [last, last], options("MulOptions"))
        return last

    def divided(b, x):
        zero = b.integers([0, 0, 0, 0])
        return node(b, OPERATORS.FLOOR_DIV, [node(b, OPERATORS.SHAPE, [x]), zero])

    def gathered(b, x):
        return node(b, OPERATORS.GATHER, [node(b, OPERATORS.SHAPE, [x]),
                                          b.integers([LARGEST, SMALLEST])])

    def cyclic(b, x):
        result = b.tensor([4], kind=INT32)
        b.operator(OPERATORS.PACK, [result, result], [result])
        return result

    for name, build in {"shape-doubled": doubled, "shape-squared": squared,
                        "shape-divided": divided, "shape-gathered": gathered,
                        "shape-cyclic": cyclic}.items():
        FILES[name] = chain(build)


def blocks():
    """A convolution between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND."""
    def block(sizes, pads, crops, reads=0):
        b = convolution()
        before, after = b.tensor([4, 2, 2, 1], 0.05, 3), b.tensor([4, 2, 2, 2], 0.1, -7)
        lists = [b.integers(values) for values in (sizes, pads, crops)]
        (convolve,) = b.operators
        convolve.inputs[0], convolve.outputs = before, [after]
        b.operator(OPERATORS.SPACE_TO_BATCH_ND, [0, lists[0], lists[1]], [before])
        b.operators.insert(0, b.operators.pop())
        last = [after, lists[0], lists[2]]
        last[0], last[reads] = last[reads], last[0]
        b.operator(OPERATORS.BATCH_TO_SPACE_ND, last, [3])
        return b.bytes()

    zeros = [[0, 0], [0, 0]]
    FILES["block-sizes"] = block([LARGEST, SMALLEST], zeros, zeros)
    FILES["block-pads"] = block([2, 2], [[LARGEST, LARGEST]] * 2, zeros)
    FILES["block-crops"] = block([2, 2], zeros, [[9, 9], [9, 9]])
    FILES["block-count"] = block([2, 2, 2], zeros, zeros)
    FILES["block-order"] = block([2, 2], zeros, zeros, reads=1)


def bytes_changed():
    base = convolution().bytes()
    root = struct.unpack_from("<I", base)[0]
    vtable = root - struct.unpack_from("<i", base, root)[0]

    def slot(index):
        return root + struct.unpack_from("<H", base, vtable + 4 + 2 * index)[0]

    def target(place):
        return place + struct.unpack_from("<I", base, place)[0]

    patch("no-identifier", 4, "4s", b"ABCD")
    patch("root-offset", 0, "<I", 0x7fffffff)
    patch("root-self", 0, "<I", 0)
    patch("version", slot(0), "<I", 99)
    patch("vtable-offset", root, "<i", LARGEST)
    patch("vtable-size", vtable, "<H", 0xfffe)
    patch("table-size", vtable + 2, "<H", 2)
    patch("field-offset", vtable + 8, "<H", 0xfff0)
    subgraphs = target(slot(2))
    patch("vector-length", subgraphs, "<I", 0xffffffff)
    patch("vector-length-2", subgraphs, "<I", 0x40000000)
    patch("cyclic-subgraph", subgraphs + 4, "<I", (root - subgraphs - 4) & 0xffffffff)
    for name, field, value in (("buffer-offset", "offset", 1 << 62), ("buffer-size", "size",
                                                                       1 << 62)):
        model = model_of(convolution())
        buffer = model.buffers[model.subgraphs[0].tensors[1].buffer]
        buffer.data, buffer.offset, buffer.size = None, 16, 18
        setattr(buffer, field, value)
        FILES[name] = packed(model)
    # Thousands of entries that lead to one tensor with a long name.
    model = model_of(convolution())
    model.subgraphs[0].tensors[0].name = b"n" * 4000
    content = bytearray(packed(model))
    tensors = vector_of_tensors(content)
    count, first = 8000, tensors + 4 + struct.unpack_from("<I", content, tensors + 4)[0]
    start = len(content) + -len(content) % 4
    content += b"\\0" * (start - len(content)) + struct.pack("<I", count)
    for index in range(count):
        # Offsets lead forwards, so the table moves behind the vector.
        content += struct.pack("<I", 4 * (count - index))
    table_start = len(content)
    length = 64
    shift = table_start - first
    content += content[first:first + length]
    own = first - struct.unpack_from("<i", content, first)[0]
    struct.pack_into("<i", content, table_start, table_start - own)
    layout = struct.unpack_from("<H", content, own)[0]
    for position in range(own + 4, own + layout, 2):
        offset = struct.unpack_from("<H", content, position)[0]
        place = first + offset
        if offset and position - own in (4, 10, 12):
            # Vectors and tables lie after the first; from the copy they would lie before, so
            # the copy does without.
            struct.pack_into("<I", content, place + shift, 0)
    place = pointer_to_tensors(content)
    struct.pack_into("<I", content, place, start - place)
    FILES["shared-tables"] = bytes(content)


def pointer_to_tensors(content):
    def field(position, slot):
        vtable = position - struct.unpack_from("<i", content, position)[0]
        return position + struct.unpack_from("<H", content, vtable + slot)[0]

    root = struct.unpack_from("<I", content)[0]
    place = field(root, 8)
    vector = place + struct.unpack_from("<I", content, place)[0]
    subgraph = vector + 4 + struct.unpack_from("<I", content, vector + 4)[0]
    return field(subgraph, 4)


def vector_of_tensors(content):
    place = pointer_to_tensors(content)
    return place + struct.unpack_from("<I", content, place)[0]


# Operators, their seeds and the numbers of their models.
SOUND = {
    "add": (8, 0), "concatenation": (14, 3), "convolution": (29, 1), "fully_connected": (32, 0),
    "mean": (13, 2), "pad_v2": (16, 1), "resize_bilinear": (26, 1), "split_v": (24, 2),
    "strided_slice": (22, 1), "transposed": (31, 3), "batch_matmul": (35, 1),
}


def make():
    for change in (tables, constants, shapes, blocks, bytes_changed):
        change()
    files = {f"hostile-{name}.tflite": content for name, content in FILES.items()}
    for name, (seed, number) in SOUND.items():
        builder = getattr(Cases([1, seed, number]), name)()
        files[f"sound-{name}_{number}.tflite"] = builder.bytes()
    return files
