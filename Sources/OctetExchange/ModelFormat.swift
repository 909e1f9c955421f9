import OctetONNX

/// What a file holds, by its first bytes; they alone decide, names only where they say nothing.
public enum ModelFormat: String, Sendable, CaseIterable {
  // What Octet reads.
  case blob, onnx, tflite
  // Models of others.
  case keras, hdf5, pytorch, pickle, savedModel, frozenGraph, gguf, safetensors
  // No models.
  case numpy, numpyArchive, png, jpeg, gzip, zip, elf, gitLFS, text, empty
  case unknown

  /// How many bytes of a file are enough to tell.
  public static let headByteCount = 4096

  /// - Parameters:
  ///   - head: the first `headByteCount` bytes of the file, or all of a shorter one.
  ///   - name: the file's name; a name that ends in `.oct`, `.onnx` or `.tflite` is believed where
  ///     the bytes are of no known kind.
  public static func detect(_ head: [UInt8], name: String = "") -> ModelFormat {
    if head.isEmpty { return .empty }
    if let format = byMagic(head) { return format }
    for (suffix, format) in [(".oct", blob), (".onnx", onnx), (".tflite", tflite)]
    where name.hasSuffix(suffix) {
      return format
    }
    return protocolBuffer(head) ?? (isText(head) ? .text : .unknown)
  }

  private static func byMagic(_ head: [UInt8]) -> ModelFormat? {
    if head.starts(with: "OCT8".utf8) { return .blob }
    if head.dropFirst(4).starts(with: "TFL3".utf8) { return .tflite }
    if head.starts(with: "PK\u{3}\u{4}".utf8) { return archive(head) }
    if head.starts(with: "version https://git-lfs".utf8) { return .gitLFS }
    // A length in eight bytes, then JSON.
    if head.count > 9, head[8] == UInt8(ascii: "{"), head[5...7].allSatisfy({ $0 == 0 }) {
      return .safetensors
    }
    let magics: [(bytes: [UInt8], format: ModelFormat)] = [
      ([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a], .hdf5),
      ([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], .png), ([0xff, 0xd8, 0xff], .jpeg),
      ([0x1f, 0x8b], .gzip), ([0x7f, 0x45, 0x4c, 0x46], .elf), (Array("GGUF".utf8), .gguf),
      ([0x93] + Array("NUMPY".utf8), .numpy), ([0x80, 2], .pickle), ([0x80, 3], .pickle),
      ([0x80, 4], .pickle), ([0x80, 5], .pickle),
    ]
    return magics.first { head.starts(with: $0.bytes) }?.format
  }

  /// The name of the first file in a zip archive tells whose archive it is.
  private static func archive(_ head: [UInt8]) -> ModelFormat {
    guard head.count > 30 else { return .zip }
    let count = Int(head[26]) | Int(head[27]) << 8
    let name = String(decoding: head[30..<min(30 + count, head.count)], as: UTF8.self)
    if name == "metadata.json" || name == "config.json" || name.hasSuffix(".weights.h5") {
      return .keras
    }
    if name.hasSuffix(".npy") { return .numpyArchive }
    let text = String(decoding: head, as: UTF8.self)
    return text.contains("/data.pkl") || text.contains("/code/__torch__") ? .pytorch : .zip
  }

  /// The messages of ONNX and of TensorFlow have no magic numbers, but the numbers and types of
  /// their first fields differ.
  private static func protocolBuffer(_ head: [UInt8]) -> ModelFormat? {
    var reader = ProtobufReader(head)
    var isSavedModel = false
    var fieldCount = 0
    while let key = try? reader.varint() {
      switch (key >> 3, key & 7) {
      case (1, 0):
        guard let version = try? reader.varint(), version < 256 else { return nil }
        isSavedModel = version == 1
      case (1, 2):
        // GraphDef: a list of nodes, each beginning with its name.
        return fieldCount == 0 && head.dropFirst(2).prefix(4).contains(0x0a) ? .frozenGraph : nil
      case (5, 0): guard (try? reader.varint()) != nil else { return nil }
      case (2...4, 2), (6...8, 2), (14, 2), (20, 2), (25...26, 2):
        guard let count = try? reader.varint(), count < 1 << 40 else { return nil }
        let start = reader.offset
        let isWhole = count <= UInt64(head.count - start)
        if key >> 3 == 2 {
          // The producer's name is printed; a MetaGraphDef is not, and is longer.
          let text = head[start..<min(head.count, start + Int(min(count, 64)))]
          if !text.allSatisfy({ $0 >= 0x20 }) { return isSavedModel ? .savedModel : nil }
        }
        guard isWhole else { return .onnx }
        reader.skip(Int(count))
      default: return nil
      }
      fieldCount += 1
      if reader.offset == head.count { break }
    }
    return fieldCount > 1 || (fieldCount == 1 && head[0] == 0x3a) ? .onnx : nil
  }

  private static func isText(_ head: [UInt8]) -> Bool {
    head.allSatisfy { $0 >= 0x20 && $0 != 0x7f || (0x09...0x0d).contains($0) }
  }

  /// What the file is, and what to do with it; for a verb that wants a model.
  public var advice: String {
    let torch = "export the network in Python: torch.onnx.export(model, example, 'model.onnx')"
    let keras =
      "convert it in Python: tf.lite.TFLiteConverter.from_keras_model(model).convert() gives the "
      + "bytes of a .tflite file"
    switch self {
    case .blob: return "an Octet blob"
    case .onnx: return "an ONNX model"
    case .tflite: return "a TFLite model"
    case .keras: return "a Keras archive, which Octet does not read; \(keras)"
    case .hdf5: return "an HDF5 file, in which Keras keeps models (.h5); \(keras)"
    case .pytorch: return "a PyTorch archive, which Octet does not read; \(torch)"
    case .pickle:
      return "a Python pickle, such as old PyTorch files; Octet runs no code from files; \(torch)"
    case .savedModel:
      return "a TensorFlow SavedModel, which Octet does not read; convert its folder in Python: "
        + "tf.lite.TFLiteConverter.from_saved_model(folder).convert() gives the bytes of a "
        + ".tflite file"
    case .frozenGraph:
      return "a TensorFlow graph (.pb), which Octet does not read; convert it with tf2onnx or "
        + "tf.lite.TFLiteConverter"
    case .gguf: return "a GGUF file: a language model's weights, which are no network for Octet"
    case .safetensors:
      return "a safetensors file: weights without a network; load them into the network and "
        + torch
    case .numpy, .numpyArchive:
      return "a NumPy file: data, not a model; a model is a .oct, .onnx or .tflite file"
    case .png, .jpeg:
      return "a picture (\(rawValue.uppercased())), where a model is needed: a .oct, .onnx or "
        + ".tflite file"
    case .gzip: return "compressed with gzip; decompress it first: gunzip -k FILE.gz"
    case .zip: return "a zip archive, where a model is needed; unpack it first"
    case .elf: return "a compiled program or library, where a model is needed"
    case .gitLFS: return "a Git LFS pointer in the model's place; 'git lfs pull' fetches the model"
    case .text: return "a text, where a model is needed: a .oct, .onnx or .tflite file"
    case .empty: return "empty, where a model is needed: a .oct, .onnx or .tflite file"
    case .unknown:
      return "of no format that Octet knows; a model is a .oct, .onnx or .tflite file"
    }
  }
}
