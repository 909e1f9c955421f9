"""The networks of `Tools/crosscheck torch` with scales that PyTorch, Brevitas or AIMET chose,
exported to ONNX by their own tools, taken over by Octet and compared with ONNX Runtime on the same
file.

    Tools/crosscheck trained-scales [--only NETWORK] [--by PRODUCER] [--keep FOLDER]

`import` takes a file that has a scale for every value; outputs are then at most a few steps apart.
Where scales are missing (Brevitas' last layer gives floats), `import` refuses and `quantize`
chooses those ("completed"): results may then be half a step farther from the float network's than
ONNX Runtime's, or twice as far, in the root mean square. Prints differences and refusals; exit
status 1 when there is a difference.
"""

import collections
import logging
import multiprocessing
import os
import pathlib
import tempfile

import numpy as np
import torch
from torch import nn
from torch.ao import quantization

from crosschecks.torch import SHAPE
from crosschecks.torch_networks import NETWORKS
from support.octet import OctetError, add_octet
from support.peers import images_last, session


def legacy(module, path, opset=17):
    torch.onnx.export(module, (torch.rand(SHAPE),), str(path), dynamo=False, opset_version=opset,
                      input_names=["x"])


def observed(module, samples, prepare, backend):
    """The module with PyTorch's observers, which have seen the samples."""
    from torch.ao.quantization import quantize_fx
    torch.backends.quantized.engine = backend
    if prepare == "prepare_qat_fx":
        # Version 0 is not fused: its fake quantization is an operator that ONNX has.
        mapping = quantization.QConfigMapping().set_global(
            quantization.get_default_qat_qconfig(backend, version=0))
        module.train()
    else:
        mapping = quantization.get_default_qconfig_mapping(backend)
    module = getattr(quantize_fx, prepare)(module, mapping, (samples,))
    module.eval()
    for x in samples:
        module(x[None])
    return module


def torch_converted(module, samples, path, backend):
    """Quantization after training: PyTorch's int8 operators, which its exporter writes as QDQ."""
    from torch.ao.quantization import quantize_fx
    module = quantize_fx.convert_fx(observed(module, samples, "prepare_fx", backend))
    legacy(module, path)


def torch_fake_quantized(module, samples, path, backend):
    """Quantization-aware training: float weights and activations through QuantizeLinear."""
    module = observed(module, samples, "prepare_qat_fx", backend)
    module.apply(quantization.disable_observer)
    legacy(module, path)


def torch_exported(module, samples, path, per_channel):
    """Quantization of an exported program, with PyTorch's new exporter."""
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
    from torchao.testing.pt2e import _xnnpack_quantizer as xnnpack
    quantizer = xnnpack.XNNPACKQuantizer().set_global(
        xnnpack.get_symmetric_quantization_config(is_per_channel=per_channel))
    program = torch.export.export(module.eval(), (samples[:1],)).module()
    program = prepare_pt2e(program, quantizer)
    for x in samples:
        program(x[None])
    torch.onnx.export(convert_pt2e(program), (samples[:1],), str(path), dynamo=True, verbose=False)


def brevitas_exported(module, samples, path, opset=13):
    from brevitas.export import export_onnx_qcdq
    from brevitas.graph.calibrate import calibration_mode
    module.eval()
    with torch.no_grad(), calibration_mode(module):
        for x in samples.split(8):
            module(x)
    with torch.no_grad():
        module(samples[:1])
    export_onnx_qcdq(module, torch.rand(SHAPE), export_path=str(path), opset_version=opset,
                     dynamo=False, input_names=["x"])


def brevitas_flow(module, samples, path):
    """One scale for every value that several layers read; most results have one."""
    from brevitas.graph.quantize import preprocess_for_quantize, quantize
    module = preprocess_for_quantize(module.eval(), trace_model=True)
    brevitas_exported(quantize(module), samples, path)


def brevitas_layers(module, samples, path, weights, activations):
    """Every layer with scales for its input and its weights, none for its result."""
    from brevitas import nn as quantized
    from brevitas import quant
    from brevitas.graph.quantize import layerwise_quantize, preprocess_for_quantize
    module = preprocess_for_quantize(module.eval(), trace_model=True)
    settings = {"weight_quant": getattr(quant, weights), "bias_quant": None,
                "input_quant": getattr(quant, activations), "return_quant_tensor": False}
    layers = {getattr(nn, name): (getattr(quantized, "Quant" + name), settings)
              for name in ("Conv1d", "Conv2d", "ConvTranspose2d", "Linear")}
    brevitas_exported(layerwise_quantize(module, layers), samples, path)


def aimet(module, samples, path):
    """Simulated quantization of an ONNX file, written with QuantizeLinear and DequantizeLinear."""
    import onnx
    from aimet_onnx.quantsim import QuantizationSimModel
    legacy(module, path)
    simulation = QuantizationSimModel(onnx.load(path))
    simulation.compute_encodings([{"x": x[None].numpy()} for x in samples])
    onnx.save(simulation.to_onnx_qdq(), path)


PRODUCERS = {
    "torch x86": lambda *a: torch_converted(*a, "x86"),
    "torch qnnpack": lambda *a: torch_converted(*a, "qnnpack"),
    "torch aware x86": lambda *a: torch_fake_quantized(*a, "x86"),
    "torch aware qnnpack": lambda *a: torch_fake_quantized(*a, "qnnpack"),
    "torch exported": lambda *a: torch_exported(*a, False),
    "torch exported by channel": lambda *a: torch_exported(*a, True),
    "brevitas flow": brevitas_flow,
    "brevitas layers": lambda *a: brevitas_layers(
        *a, "Int8WeightPerChannelFloat", "Int8ActPerTensorFloat"),
    "brevitas shifted": lambda *a: brevitas_layers(
        *a, "ShiftedUint8WeightPerTensorFloat", "ShiftedUint8ActPerTensorFloat"),
    "brevitas fixed point": lambda *a: brevitas_layers(
        *a, "Int8WeightPerTensorFixedPoint", "Int8ActPerTensorFixedPoint"),
    "brevitas 4 bits": lambda *a: brevitas_layers(
        *a, "Int4WeightPerTensorFloatDecoupled", "Int8ActPerTensorFloat"),
    "aimet": aimet,
}


def work(name, number, producer, samples, path, sender):
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        PRODUCERS[producer](built(name, number), torch.from_numpy(samples), path)
        sender.send(None)
    except Exception as error:
        sender.send(f"{type(error).__name__}: {str(error)[:100]!r}")


def produced(context, *task):
    """Why the file could not be made, or None. In a process of its own: exporters may print whole
    graphs, and do not end for some networks."""
    receiver, sender = context.Pipe(False)
    process = context.Process(target=work, args=(*task, sender))
    process.start()
    sender.close()
    try:
        return receiver.recv() if receiver.poll(60) else "not within a minute"
    except EOFError:
        return "crashed"
    finally:
        process.kill()
        process.join()


def built(name, number):
    torch.manual_seed(number)
    return NETWORKS[name]().eval()


def results(arguments, path, folder, samples):
    """Ours on the samples, in floats, and each output's step; taken over by `verb`."""
    try:
        arguments.octet("import", path, "-o", folder / "m.oct")
        verb = "import"
    except OctetError as error:
        if "'octet quantize' keeps" not in str(error):
            raise
        images_last(samples).tofile(folder / "calibration.bin")
        arguments.octet("quantize", path, "--full-scores", "--raw-input",
                        folder / "calibration.bin", "-o", folder / "m.oct")
        verb = "quantize"
    steps = [output["scale"] for output in arguments.octet.json(
        "inspect", folder / "m.oct")["outputs"]]
    return verb, arguments.octet.reals(folder / "m.oct", images_last(samples)), steps


def check(arguments, context, name, number, producer, folder):
    """The outcome, and what the matter is."""
    path = folder / "model.onnx"
    samples = torch.rand(64, *SHAPE[1:])
    with torch.no_grad():
        exact = built(name, number)(samples)
    exact = [value.numpy() for value in (exact if isinstance(exact, tuple) else (exact,))]
    problem = produced(context, name, number, producer, samples.numpy(), path)
    if problem:
        return "not exported", problem
    if arguments.keep:
        (arguments.keep / "last.onnx").write_bytes(path.read_bytes())
    try:
        verb, ours, steps = results(arguments, path, folder, samples.numpy())
    except OctetError as error:
        return "refused", str(error)
    # Not optimized: ONNX Runtime fails on averages whose scales come through Identity.
    peer = session(path, optimized=False)
    theirs = [peer.run(None, {peer.get_inputs()[0].name: x[None]}) for x in samples.numpy()]
    ours = ours.reshape(len(samples), -1)
    start = 0
    for index, (step, real) in enumerate(zip(steps, exact, strict=True)):
        wanted = np.concatenate([images_last(value[index]) for value in theirs])
        wanted = wanted.reshape(len(samples), -1)
        real = images_last(real).reshape(wanted.shape)
        actual = ours[:, start:start + wanted.shape[1]]
        start += wanted.shape[1]
        apart = np.abs(actual - wanted) / step
        if verb == "import":
            share = (apart > 1.5).mean()
            if apart.max() > 4.5 or share > 0.05:
                return "differs", f"up to {apart.max():.1f} steps, {100 * share:.1f} % by over 1"
        else:
            error = [np.sqrt(((value - real) ** 2).mean()) / step for value in (actual, wanted)]
            if error[0] > max(error[1] + 0.5, 2 * error[1]):
                return "differs", (f"{error[0]:.2f} steps from the float network, "
                                   f"ONNX Runtime {error[1]:.2f}")
    return ("same" if verb == "import" else "completed"), None


def add_arguments(parser):
    add_octet(parser)
    parser.add_argument("--only")
    parser.add_argument("--by", choices=PRODUCERS)
    parser.add_argument("--keep", type=pathlib.Path)


def main(arguments):
    logging.disable(logging.CRITICAL)
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
    counts = collections.Counter()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([
        "crosschecks.trained_scales", "brevitas.graph.quantize",
        "torchao.testing.pt2e._xnnpack_quantizer"])
    for number, name in enumerate(NETWORKS):
        if arguments.only not in (None, name):
            continue
        for producer in PRODUCERS:
            if arguments.by not in (None, producer):
                continue
            with tempfile.TemporaryDirectory() as folder:
                outcome, problem = check(
                    arguments, context, name, number, producer, pathlib.Path(folder))
            counts[f"{producer}: {outcome}"] += 1
            if problem:
                print(f"{name}, {producer}: {outcome}: {problem[:500]}", flush=True)
    print(*(f"{key} {value}" for key, value in sorted(counts.items())), sep="\n")
    return not any("differs" in key for key in counts)
