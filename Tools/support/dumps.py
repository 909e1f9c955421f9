"""Folders of tensors as `octet diff --against` writes and reads them; the article "Diff" explains
the format."""

import json
import pathlib
import sys

import numpy as np


def add_arguments(parser):
    parser.add_argument("model", type=pathlib.Path, metavar="MODEL")
    parser.add_argument("inputs", metavar="INPUTS",
                        help="a folder of inputs, or 'random'")
    parser.add_argument("tensors", type=pathlib.Path, metavar="TENSORS",
                        help="the folder to fill")
    parser.add_argument("--samples", type=int, default=4, help="how many of 'random'")
    parser.add_argument("--seed", type=int, default=1, help="of 'random'")


def fail(message, status=65):
    print(f"Tools/dump-tensors: {message}", file=sys.stderr)
    sys.exit(status)


def read_inputs(folder):
    """The inputs of a folder, each with its entry of the manifest and its values."""
    path = pathlib.Path(folder) / "manifest.json"
    try:
        entries = json.loads(path.read_text())["tensors"]
    except OSError as error:
        fail(f"{path}: {error.strerror}", 66)
    except (ValueError, KeyError, TypeError):
        fail(f"{path} is no manifest of tensors")
    inputs = []
    for entry in entries:
        if entry.get("role") == "input":
            file = path.parent / entry["file"]
            if file.suffix == ".npy":
                values = np.load(file)
            else:
                values = np.fromfile(file, dtype=entry.get("type", "int8")).reshape(entry["shape"])
            inputs.append((entry, values))
    if not inputs:
        fail(f"{folder} has no tensor with the role 'input'")
    return inputs


class Port:
    """An input of a runtime: its name, its shape without samples, type, scale and zero point."""

    def __init__(self, name, shape, dtype, scale=None, zero_point=0, channels_first=False):
        self.name = name
        self.shape = [int(size) for size in shape]
        self.dtype = np.dtype(dtype)
        self.scale = scale
        self.zero_point = zero_point
        self.channels_first = channels_first

    def take(self, entry, values):
        """The values of a dump, as many samples as it has, as this input has them."""
        if self.channels_first and entry.get("layout") == "NHWC" and values.ndim == 4:
            values = values.transpose(0, 3, 1, 2)
        count = int(np.prod(self.shape))
        if values.size % count:
            fail(f"'{self.name}' takes {count} values a sample, and the dump has {values.size}")
        values = values.reshape(-1, *self.shape)
        if values.dtype == self.dtype:
            return values
        if np.issubdtype(values.dtype, np.integer) and entry.get("scale"):
            values = (values.astype(np.float32) - entry.get("zeroPoint", 0)) * np.float32(
                entry["scale"])
        if np.issubdtype(self.dtype, np.integer) and self.scale:
            limits = np.iinfo(self.dtype)
            codes = np.round(values / np.float32(self.scale)) + self.zero_point
            return np.clip(codes, limits.min, limits.max).astype(self.dtype)
        return values.astype(self.dtype)

    def random(self, count, generator):
        shape = (count, *self.shape)
        if np.issubdtype(self.dtype, np.integer):
            limits = np.iinfo(self.dtype)
            low, high = max(limits.min, -128), min(limits.max, 255)
            return generator.integers(low, high, shape, dtype=self.dtype, endpoint=True)
        return generator.standard_normal(shape).astype(self.dtype)


def samples(arguments, ports):
    """For each input its samples."""
    if arguments.inputs == "random":
        generator = np.random.default_rng(arguments.seed)
        return [port.random(arguments.samples, generator) for port in ports]
    given = read_inputs(arguments.inputs)
    if len(given) != len(ports):
        fail(f"the model has {len(ports)} inputs, and {arguments.inputs} has {len(given)}")
    by_name = {entry["name"]: (entry, values) for entry, values in given}
    return [port.take(*by_name.get(port.name, given[index])) for index, port in enumerate(ports)]


class Dump:
    """A folder that is being filled, a tensor at a time."""

    def __init__(self, folder, runtime):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.manifest = {"runtime": runtime, "tensors": []}

    def add(self, name, values, role, scale=None, zero_point=0, layout=None):
        tensors = self.manifest["tensors"]
        file = f"{len(tensors):04}.npy"
        np.save(self.folder / file, np.ascontiguousarray(values))
        entry = {"name": name, "file": file, "role": role, "shape": list(values.shape),
                 "type": str(values.dtype)}
        if scale:
            entry["scale"], entry["zeroPoint"] = float(scale), int(zero_point)
        if layout:
            entry["layout"] = layout
        tensors.append(entry)

    def close(self):
        (self.folder / "manifest.json").write_text(json.dumps(self.manifest, indent=1))


def stacked(values):
    """Samples of one tensor end to end: a leading 1 is the model's own batch."""
    first = values[0]
    if first.ndim > 1 and first.shape[0] == 1:
        return np.concatenate(values)
    return np.stack(values)
