import OctetCompiler
import OctetModel
import OctetONNX
import OctetPasses
import OctetReport
import OctetTFLite

extension DiffReport {
  /// The layer that a reproduction is about: the worst of those that a bisection found, or of all.
  var reproducedLayer: Layer? {
    guard let found = bisection?.layers, !found.isEmpty else { return worstLayer }
    let candidates = layers.filter { found.contains($0.name) }
    return candidates.first { $0.name == verdict.layer }
      ?? candidates.min { $0.judgedDecibels < $1.judgedDecibels }
  }
}

extension Diff {
  /// The places whose operators a reproduction holds, in execution order: of a bisection all
  /// between the layers that it found, otherwise the worst layer alone.
  func partToReproduce(_ report: DiffReport, worst: Int) -> [Int] {
    let names = Set(report.bisection?.layers ?? [])
    let members = candidate.places.indices.filter { names.contains(candidate.places[$0].name) }
    guard members.contains(worst) else { return [worst] }
    // The input has no operator, and layers of several outputs have none of one number.
    let operators = members.filter { candidate.places[$0].operatorIndex != nil }
    guard operators.count > 1 else { return operators.isEmpty ? [worst] : operators }
    var below: Set<Int> = []
    var above: Set<Int> = []
    for place in candidate.places.indices {
      let sources = candidate.sources(of: place).compactMap(\.place)
      if operators.contains(place) || sources.contains(where: below.contains) {
        below.insert(place)
      }
    }
    for place in candidate.places.indices.reversed()
    where operators.contains(place) || above.contains(place) {
      above.insert(place)
      above.formUnion(candidate.sources(of: place).compactMap(\.place))
    }
    let part = candidate.places.indices.filter {
      below.contains($0) && above.contains($0) && candidate.places[$0].operatorIndex != nil
    }
    // A part of several outputs cannot be compared by its last.
    return outputs(ofPart: part) == 1 ? part : [worst]
  }

  private func outputs(ofPart part: [Int]) -> Int {
    let inside = Set(part)
    var read: Set<Int> = [candidateOutput]
    for place in candidate.places.indices where !inside.contains(place) {
      read.formUnion(candidate.sources(of: place).compactMap(\.place))
    }
    return part.count { read.contains($0) }
  }

  /// The places that a part reads and does not make, in the order of the operands.
  func sources(ofPart part: [Int]) -> [Int] {
    var found: [Int] = []
    for place in part {
      for source in candidate.sources(of: place).compactMap(\.place)
      where !part.contains(source) && !found.contains(source) {
        found.append(source)
      }
    }
    return found
  }

  /// The reference's own part, or what the candidate's computes in real numbers.
  func twin(ofPart part: [Int]) -> Graph? {
    guard let last = part.last else { return nil }
    let sources = sources(ofPart: part)
    let twins = sources.compactMap { self.twins[$0] }
    if let twin = self.twins[last], twins.count == sources.count, !twins.isEmpty,
      let graph = reference.real.cut(
        from: twins.map { reference.places[$0].tensor }, to: [reference.places[twin].tensor])
    {
      return graph
    }
    return candidate.real.cut(
      from: sources.map { candidate.places[$0].tensor }, to: [candidate.places[last].tensor])
  }

  /// The int8 part for other runtimes.
  func addForeignForms(
    of alone: LoadedModel, _ index: inout ReproductionIndex, _ files: inout [String: [UInt8]]
  ) {
    do {
      let graph = try BlobReader.read(alone.blob)
      do {
        files["int8.tflite"] = try TFLiteWriter.write(graph)
        index.tflite = "int8.tflite"
      } catch {
        index.missing.append("int8.tflite: \(error)")
      }
      do {
        files["qdq.onnx"] = try ONNXWriter.write(graph.withSteps())
        index.qdq = "qdq.onnx"
      } catch {
        index.missing.append("qdq.onnx: \(error)")
      }
    } catch {
      index.missing.append("int8.tflite, qdq.onnx: \(error)")
    }
  }
}

extension Graph {
  /// An int8 graph in real numbers, with a step to each activation's codes and one back.
  fileprivate func withSteps() -> Graph {
    var graph = inReals()
    var steps: [Node] = []
    var places: [TensorIndex: TensorIndex] = [:]
    func step(_ tensor: TensorIndex) {
      guard tensors[tensor].constant == nil, let grid = tensors[tensor].quantization else { return }
      let name = tensors[tensor].name
      let (shape, type) = (tensors[tensor].shape, tensors[tensor].elementType)
      let codes = graph.add(
        Tensor(name: name + "/codes", shape: shape, elementType: type, quantization: grid))
      let reals = graph.add(Tensor(name: name + "/reals", shape: shape))
      steps.append(
        Node(name: name + "/quantize", operation: .quantize, inputs: [tensor], outputs: [codes]))
      steps.append(
        Node(name: name + "/dequantize", operation: .dequantize, inputs: [codes], outputs: [reals]))
      places[tensor] = reals
    }
    for input in inputs { step(input) }
    for node in nodes {
      var node = node
      if node.operation == .quantize { node.operation = .identity }
      node.inputs = node.inputs.map { places[$0] ?? $0 }
      steps.append(node)
      for output in node.outputs { step(output) }
    }
    graph.nodes = steps
    graph.outputs = outputs.map { places[$0] ?? $0 }
    return graph
  }
}

extension ReproductionIndex {
  /// Runs what the folder holds with ONNX Runtime and LiteRT, where they are installed.
  static let script = #"""
    """Runs the files beside it with ONNX Runtime and LiteRT and sets their results beside Octet's.

    pip install numpy onnxruntime ai-edge-litert; either runtime may be missing.
    """
    import json
    import pathlib

    import numpy as np

    here = pathlib.Path(__file__).resolve().parent
    index = json.loads((here / "repro.json").read_text())
    output = index["output"]


    def reals(tensor):
        return np.fromfile(here / tensor["floatFile"], "<f4").reshape(tensor["shape"])


    def codes(tensor):
        kind = np.dtype(tensor["type"]).newbyteorder("<")
        return np.fromfile(here / tensor["int8File"], kind).reshape(tensor["shape"])


    def say(name, runtime, values):
        """Steps and signal-to-noise ratio against Octet's int8 result and the float reference."""
        values = np.asarray(values, np.float64)
        parts = []
        if output.get("int8File"):
            own = output["scale"] * (codes(output).astype(np.float64) - output["zeroPoint"])
            steps = np.abs(values - own.reshape(values.shape)).max() / output["scale"]
            parts.append(f"at most {steps:.2f} steps from Octet's int8")
        reference = reals(output).astype(np.float64).reshape(values.shape)
        noise = ((values - reference) ** 2).sum()
        decibels = 10 * np.log10((reference ** 2).sum() / noise) if noise else np.inf
        parts.append(f"{decibels:.1f} dB over the error against float")
        print(f"{name} ({runtime}): " + ", ".join(parts))


    def run_onnx(name):
        import onnxruntime

        session = onnxruntime.InferenceSession(
            str(here / name), providers=["CPUExecutionProvider"])
        feed = {}
        for port, tensor in zip(session.get_inputs(), index["inputs"]):
            value = reals(tensor)
            # ONNX has the channels of an image first.
            feed[port.name] = value.transpose(0, 3, 1, 2) if value.ndim == 4 else value
        value = session.run(None, feed)[-1]
        say(name, "ONNX Runtime", value.transpose(0, 2, 3, 1) if value.ndim == 4 else value)


    def run_tflite(name):
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_path=str(here / name))
        interpreter.allocate_tensors()
        for port, tensor in zip(interpreter.get_input_details(), index["inputs"]):
            interpreter.set_tensor(port["index"], codes(tensor).reshape(port["shape"]))
        interpreter.invoke()
        found = interpreter.get_tensor(interpreter.get_output_details()[-1]["index"])
        say(name, "LiteRT", output["scale"] * (found.astype(np.float64) - output["zeroPoint"]))


    for key, run in [("onnx", run_onnx), ("qdq", run_onnx), ("tflite", run_tflite)]:
        if not index.get(key):
            continue
        try:
            run(index[key])
        except ImportError as error:
            print(f"{index[key]}: {error.name} is not installed")

    """#
}
