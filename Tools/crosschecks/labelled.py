"""Accuracy before and after `octet quantize`, on labelled data, of MLPerf Tiny's ResNet-8 and
autoencoder. Their own data (CIFAR-10, ToyCar) is not to be had here, so:

    Tools/crosscheck labelled [--data FOLDER]

ResNet-8: Fashion-MNIST in random colours on random backgrounds; only the last layer, 64 features to
10 classes, is fitted anew to it (on 20,000 training images) and written into the float file; all
convolutions stay MLCommons'. Accuracy on the 10,000 test images, float (LiteRT) and Octet's int8.
Autoencoder, its weights as they are: normal windows are what it makes of noise, so lie where its
training data did, with 3 dB of noise; in anomalous ones a tone of 5 bands is 8 dB louder. The area
under the ROC curve of the anomaly score, the mean square of input less output, over 5,000 windows
of each. Exit status 1 when int8 loses more than 0.5 points of either.
"""

import pathlib
import tempfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from crosschecks.quantized import Lite, coloured, octet_int8
from support import files
from support.octet import add_data, add_octet


def features(path, images):
    """What the average pool before the last layer gives."""
    interpreter = Interpreter(str(path), experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    tensors = interpreter.get_tensor_details()
    pool = next(t["index"] for t in tensors if tuple(t["shape"]) == (1, 1, 1, 64))
    result = []
    for image in images:
        interpreter.set_tensor(source, image[None])
        interpreter.invoke()
        result.append(interpreter.get_tensor(pool).reshape(64))
    return np.array(result)


def fit(x, labels, steps=1500, rate=0.02):
    """Weights [10, 64] and bias [10] of a softmax regression, by Adam on all samples at once."""
    mean, deviation = x.mean(0), x.std(0) + 1e-6
    x = np.hstack([(x - mean) / deviation, np.ones((len(x), 1))]).astype(np.float32)
    targets = np.eye(10, dtype=np.float32)[labels]
    weights = np.zeros((65, 10), np.float32)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, steps + 1):
        scores = x @ weights
        scores = np.exp(scores - scores.max(1, keepdims=True))
        gradient = x.T @ (scores / scores.sum(1, keepdims=True) - targets) / len(x)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient ** 2
        weights -= rate * first / (1 - 0.9 ** step) / (
            np.sqrt(second / (1 - 0.999 ** step)) + 1e-8)
    scaled = (weights[:64] / deviation[:, None]).T
    return scaled, weights[64] - scaled @ mean


def with_last_layer(path, weights, bias):
    """The file with another last layer: its constants are replaced where they stand."""
    lite = Interpreter(str(path))
    lite.allocate_tensors()
    data = path.read_bytes()
    for shape, new in (((10, 64), weights), ((10,), bias)):
        index = next(t["index"] for t in lite.get_tensor_details() if tuple(t["shape"]) == shape)
        old = lite.get_tensor(index).astype("<f4").tobytes()
        assert data.count(old) == 1, "the layer's constants are not in the file just once"
        data = data.replace(old, new.astype("<f4").tobytes())
    return data


def resnet(arguments, random):
    folder = arguments.data / "fashion_mnist"
    sets = {}
    for kind, count in (("train", 20000), ("t10k", 10000)):
        images, labels = files.pictures(folder, kind)
        sets[kind] = coloured(images[:count], random), labels[:count]
    path = arguments.data / "models/mlperf_tiny/pretrainedResnet.tflite"
    train, labels = sets["train"]
    last = fit(features(path, train), labels)
    with tempfile.TemporaryDirectory() as name:
        model = pathlib.Path(name) / "model.tflite"
        model.write_bytes(with_last_layer(path, *last))
        images, labels = sets["t10k"]
        real = Lite(model).run(images)
        ours = octet_int8(arguments.octet, model, train[:500], images, 10)
    right = [float((x.argmax(1) == labels).mean()) for x in (real, ours)]
    print(f"ResNet-8, last layer fitted to coloured Fashion-MNIST, {len(images)} images: float "
          f"{right[0]:.2%}, Octet int8 {right[1]:.2%}")
    return right[1] - right[0]


def area(normal, anomalous):
    """Under the ROC curve: how often an anomalous score is above a normal one."""
    order = np.searchsorted(np.sort(normal), anomalous, side="left")
    return float(order.mean() / len(normal))


def autoencoder(arguments, random):
    path = arguments.data / "models/mlperf_tiny/ad01_fp32.tflite"
    model = Lite(path)
    count = 5000
    noise = random.normal(-27, 12, (2 * count + 500, 640)).astype(np.float32)
    windows = model.run(noise) + random.normal(0, 3, noise.shape).astype(np.float32)
    calibration, samples = windows[:500], windows[500:]
    frames = samples.reshape(2 * count, 5, 128)
    for frame in frames[count:]:
        band = random.integers(0, 124)
        frame[:, band:band + 5] += 8
    real = model.run(samples)
    ours = octet_int8(arguments.octet, path, calibration, samples, 640)
    scores = [((x - samples) ** 2).mean(1) for x in (real, ours)]
    areas = [area(score[:count], score[count:]) for score in scores]
    print(f"autoencoder, a tone in half of {2 * count} windows: area under the curve float "
          f"{areas[0]:.2%}, Octet int8 {areas[1]:.2%}")
    return areas[1] - areas[0]


def add_arguments(parser):
    add_octet(parser)
    add_data(parser)


def main(arguments):
    gains = [measure(arguments, np.random.default_rng(1)) for measure in (resnet, autoencoder)]
    return min(gains) >= -0.005
