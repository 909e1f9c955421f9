"""Networks of Keras' applications with random weights, up to their class scores, converted to
TFLite by TensorFlow's own converter, imported by Octet and compared.

    Tools/crosscheck keras-applications [NAME...]

Float: how far ONNX Runtime on what Octet writes is from Keras, of the largest output; at most 1e-4.
int8: differing bytes against TensorFlow Lite for Microcontrollers on 8 random inputs; none may.
Exit status 1 when something is refused or differs.
"""

import pathlib
import tempfile
import time

import numpy as np

from corpus.keras_models import converter, micro_runs, tf
from support.octet import add_octet
from support.peers import session, silence

APPLICATIONS = tf.keras.applications
NETWORKS = {
    "mobilenet_025": (APPLICATIONS.MobileNet, 96, {"alpha": 0.25}),
    "mobilenet_v2_035": (APPLICATIONS.MobileNetV2, 96, {"alpha": 0.35}),
    "mobilenet_v3_small": (APPLICATIONS.MobileNetV3Small, 96, {}),
    "efficientnet_b0": (APPLICATIONS.EfficientNetB0, 64, {}),
    "densenet121": (APPLICATIONS.DenseNet121, 64, {}),
    "nasnet_mobile": (APPLICATIONS.NASNetMobile, 64, {}),
    "inception_v3": (APPLICATIONS.InceptionV3, 96, {}),
    "resnet50_v2": (APPLICATIONS.ResNet50V2, 64, {}),
    "xception": (APPLICATIONS.Xception, 96, {}),
}
SAMPLE_COUNT = 8


def network(name, random):
    """With statistics in its batch normalizations, as if it were trained."""
    build, size, settings = NETWORKS[name]
    tf.keras.utils.set_random_seed(1)
    tf.keras.backend.clear_session()
    model = build(input_shape=(size, size, 3), weights=None, classes=10, classifier_activation=None,
                  **settings)
    for layer in model.layers:
        if isinstance(layer, tf.keras.layers.BatchNormalization):
            for variable in layer.weights:
                low, high = {"gamma": (0.7, 1.3), "moving_variance": (0.5, 1.5)}.get(
                    variable.name, (-0.2, 0.2))
                variable.assign(random.uniform(low, high, variable.shape))
    return model


def converted(model, samples, is_int8):
    tool = converter(model, fixed=True)
    if is_int8:
        tool.optimizations = [tf.lite.Optimize.DEFAULT]
        tool.representative_dataset = lambda: ([sample[None]] for sample in samples)
        tool.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        tool.inference_input_type = tool.inference_output_type = tf.int8
    with silence():
        return tool.convert()


class Case:
    def __init__(self, octet, folder):
        self.octet, self.folder = octet, folder

    def float_distance(self, content, model, samples):
        (self.folder / "m.tflite").write_bytes(content)
        self.octet("import", self.folder / "m.tflite", "-o", self.folder / "m.onnx")
        # Its fusions put ResNet50V2 6e-4 apart.
        peer = session(self.folder / "m.onnx", optimized=False)
        port = peer.get_inputs()[0].name
        ours = np.concatenate([
            peer.run(None, {port: sample.transpose(2, 0, 1)[None]})[0] for sample in samples])
        theirs = model(samples, training=False).numpy()
        return float(np.abs(ours - theirs).max() / np.abs(theirs).max())

    def differing_bytes(self, content, random, shape):
        (self.folder / "m.tflite").write_bytes(content)
        start = time.perf_counter()
        self.octet("import", self.folder / "m.tflite", "-o", self.folder / "m.oct")
        seconds = time.perf_counter() - start
        codes = random.integers(-128, 128, shape).astype(np.int8)
        ours = self.octet.outputs(self.folder / "m.oct", codes)
        theirs = micro_runs(content, [[sample[None]] for sample in codes])
        if theirs is None:
            raise RuntimeError("TFLM does not run it")
        return int((ours != theirs).sum()), len(ours), seconds


def add_arguments(parser):
    parser.add_argument("names", nargs="*", default=list(NETWORKS), metavar="NAME")
    add_octet(parser)


def main(arguments):
    sound = True
    for name in arguments.names:
        random = np.random.default_rng(1)
        model = network(name, random)
        shape = (SAMPLE_COUNT, *model.input_shape[1:])
        samples = 255 * random.random(shape, np.float32)
        with tempfile.TemporaryDirectory() as folder:
            case = Case(arguments.octet, pathlib.Path(folder))
            try:
                apart = case.float_distance(converted(model, samples, False), model, samples)
                differing, count, seconds = case.differing_bytes(
                    converted(model, samples, True), random, shape)
            except RuntimeError as error:
                print(f"{name}: {error}", flush=True)
                sound = False
                continue
        print(f"{name}: float {apart:.1e} apart; int8, imported in {seconds:.1f} s: {differing} of "
              f"{count} bytes differ from TFLM's", flush=True)
        sound &= apart <= 1e-4 and differing == 0
    return sound
