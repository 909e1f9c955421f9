"""Small networks with int16 activations, by TensorFlow's converter."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np

from support import peers


def networks():
    """Keras models by name."""
    import tensorflow as tf
    layers = tf.keras.layers

    def lenet():
        x = source = layers.Input((28, 28, 1), batch_size=1)
        x = layers.Conv2D(6, 5, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
        x = layers.Conv2D(16, 5, activation="relu")(x)
        x = layers.AveragePooling2D(2)(x)
        x = layers.Dense(120, activation="relu")(layers.Flatten()(x))
        x = layers.Dense(84, activation="tanh")(x)
        return tf.keras.Model(source, layers.Dense(10, activation="softmax")(x))

    def separable():
        x = source = layers.Input((25, 10, 1), batch_size=1)
        x = layers.Conv2D(8, (10, 4), strides=2, padding="same", activation="relu")(x)
        for _ in range(2):
            x = layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
            x = layers.Conv2D(8, 1, activation="relu")(x)
        x = layers.GlobalAveragePooling2D()(x)
        return tf.keras.Model(source, layers.Dense(12, activation="softmax")(x))

    def residual():
        x = source = layers.Input((12, 12, 3), batch_size=1)
        x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
        y = layers.Conv2D(8, 3, padding="same")(layers.Conv2D(
            8, 3, padding="same", activation="relu")(x))
        x = layers.ReLU()(layers.Add()([x, y]))
        y = layers.Conv2D(12, 3, strides=2, padding="same")(x)
        x = layers.Add()([layers.Conv2D(12, 1, strides=2)(x), y])
        gate = layers.Dense(12, activation="sigmoid")(layers.GlobalAveragePooling2D()(x))
        x = layers.Multiply()([x, layers.Reshape((1, 1, 12))(gate)])
        x = layers.Concatenate()([x, layers.ZeroPadding2D(1)(layers.MaxPooling2D(
            3, strides=1)(x))])
        return tf.keras.Model(source, layers.Dense(5)(layers.Flatten()(x)))

    return {"lenet": lenet(), "separable": separable(), "residual": residual()}


def converted(model, name):
    import tensorflow as tf
    random = np.random.default_rng(list(name.encode()))
    for variable in model.weights:
        shape = variable.shape
        depth = max(1, int(np.prod(shape[:-1])))
        spread = 1.4 / np.sqrt(depth) if len(shape) > 1 else 0.2
        variable.assign(random.normal(0, spread, shape).astype(np.float32))
    shape = model.inputs[0].shape
    samples = [random.uniform(-1, 1, shape).astype(np.float32) for _ in range(20)]
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample] for sample in samples)
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int16
    with peers.silence():
        return converter.convert()
