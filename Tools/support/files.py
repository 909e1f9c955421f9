"""Files of the data folder."""

import gzip

import numpy as np


def idx(path, header):
    """The bytes of a gzip-compressed IDX file behind its header."""
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def pictures(folder, kind="t10k"):
    """Images [N, 28, 28] and labels of a folder in the form of MNIST; `kind` is t10k or train."""
    return (idx(folder / f"{kind}-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28),
            idx(folder / f"{kind}-labels-idx1-ubyte.gz", 8))


def codes(path):
    """The int8 values of a gzip-compressed file."""
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.int8)
