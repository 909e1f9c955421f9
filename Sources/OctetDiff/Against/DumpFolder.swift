import Foundation
import OctetData

/// A folder with a model's inputs and what a runtime made of them: `manifest.json` and a file for
/// each tensor, or the files alone. The article "Diff" gives the format.
package struct DumpFolder {
  /// What a tensor is to the model.
  package enum Role: String, Codable, Sendable {
    case input
    case output
    case intermediate
  }

  /// What `manifest.json` says.
  package struct Manifest: Codable {
    package var runtime: String?
    package var tensors: [Entry]

    package init(runtime: String?, tensors: [Entry]) {
      self.runtime = runtime
      self.tensors = tensors
    }
  }

  /// One tensor of the manifest.
  package struct Entry: Codable {
    package var name: String
    package var file: String
    package var role: Role?
    package var shape: [Int]?
    package var type: String?
    package var scale: Float?
    package var zeroPoint: Int?
    package var layout: String?

    package init(
      name: String, file: String, role: Role? = nil, shape: [Int]? = nil, type: String? = nil,
      scale: Float? = nil, zeroPoint: Int? = nil, layout: String? = nil
    ) {
      self.name = name
      self.file = file
      self.role = role
      self.shape = shape
      self.type = type
      self.scale = scale
      self.zeroPoint = zeroPoint
      self.layout = layout
    }
  }

  /// A tensor whose file has the bytes that its shape needs.
  package struct Tensor {
    package var name: String
    package var role: Role?
    /// Samples first; empty where nothing says it.
    package var shape: [Int]
    /// The values as they stand in the file: codes, or real numbers.
    package var values: [Float]
    package var isInteger: Bool
    package var scale: Float?
    package var zeroPoint: Int
    /// `NCHW` or `NHWC`; nil where nothing says it.
    package var layout: String?
    package var path: String
  }

  package var path: String
  package var runtime: String?
  /// The tensors in the order of execution, as far as the dump has one.
  package var tensors: [Tensor]

  private static let manifestName = "manifest.json"
  /// All tensors together, in elements.
  private static let elementLimit = 1 << 28

  package init(_ path: String) throws(AgainstError) {
    self.path = path
    var isFolder: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
      isFolder.boolValue
    else { throw .dump(path: path, problem: "there is no such folder of tensors") }
    let manifestPath = path + "/" + Self.manifestName
    var entries: [Entry]
    if FileManager.default.fileExists(atPath: manifestPath) {
      let manifest = try Self.manifest(manifestPath)
      runtime = manifest.runtime
      entries = manifest.tensors
    } else {
      entries = try Self.files(in: path)
    }
    guard !entries.isEmpty else {
      throw .dump(
        path: path,
        problem: "it has no tensors: .npy or .raw files, named by manifest.json or alone")
    }
    var names: Set<String> = []
    var elementCount = 0
    tensors = []
    for entry in entries {
      guard names.insert(entry.name).inserted else {
        throw .dump(path: manifestPath, problem: "two tensors are called '\(entry.name)'")
      }
      let tensor = try Self.read(entry, in: path)
      elementCount += tensor.values.count
      guard elementCount <= Self.elementLimit else {
        throw .dump(
          path: path, problem: "more than \(Self.elementLimit) values; dump fewer samples")
      }
      tensors.append(tensor)
    }
  }

  private static func manifest(_ path: String) throws(AgainstError) -> Manifest {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .dump(path: path, problem: "it cannot be read")
    }
    do {
      return try JSONDecoder().decode(Manifest.self, from: data)
    } catch let error as DecodingError {
      throw .dump(path: path, problem: problem(error))
    } catch {
      throw .dump(path: path, problem: "it is no JSON object")
    }
  }

  private static func problem(_ error: DecodingError) -> String {
    func place(_ context: DecodingError.Context) -> String {
      let keys = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
      return keys.isEmpty ? "" : " in " + keys.joined(separator: ".")
    }
    return switch error {
    case .keyNotFound(let key, let context):
      "the key '\(key.stringValue)' is missing\(place(context))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "a value of another kind is needed\(place(context))"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "it is no JSON object" : "a value is not allowed\(place(context))"
    @unknown default: "it cannot be decoded"
    }
  }

  /// Files without a manifest, in the order of their names.
  private static func files(in path: String) throws(AgainstError) -> [Entry] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      throw .dump(path: path, problem: "the folder cannot be read")
    }
    return names.sorted { $0.localizedStandardCompare($1) == .orderedAscending }.compactMap {
      file in
      let url = URL(fileURLWithPath: file)
      let types = ["npy": nil, "raw": nil, "bin": nil, "i8": "int8", "f32": "float32"]
      guard let type = types[url.pathExtension] else { return nil }
      return Entry(
        name: url.deletingPathExtension().lastPathComponent, file: file, type: type)
    }
  }

  // MARK: One tensor

  private static let types: [String: NumPyArray.ElementType] = [
    "int8": .int8, "uint8": .uint8, "int16": .int16, "int32": .int32, "int64": .int64,
    "float32": .float32, "float64": .float64, "bool": .bool,
  ]

  private static func read(_ entry: Entry, in folder: String) throws(AgainstError) -> Tensor {
    let path = folder + "/" + entry.file
    // A manifest of strangers names files in its folder and nowhere else.
    guard !entry.file.isEmpty, !entry.file.hasPrefix("/"),
      !entry.file.split(separator: "/").contains("..")
    else {
      throw .dump(
        path: folder, problem: "the file '\(entry.file)' of '\(entry.name)' is outside the folder")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .dump(path: path, problem: "the file of the tensor '\(entry.name)' cannot be read")
    }
    if let scale = entry.scale, !(scale > 0 && scale.isFinite) {
      throw .dump(path: path, problem: "the scale of '\(entry.name)' is \(scale), not above 0")
    }
    var tensor = Tensor(
      name: entry.name, role: entry.role, shape: entry.shape ?? [], values: [], isInteger: false,
      scale: entry.scale, zeroPoint: entry.zeroPoint ?? 0, layout: entry.layout, path: path)
    if entry.file.hasSuffix(".npy") {
      let array: NumPyArray
      do {
        array = try NumPyArray(data, path: path)
      } catch {
        throw .dump(path: folder, problem: error.description)
      }
      if let shape = entry.shape, shape != array.shape {
        throw .dump(
          path: path,
          problem: "its shape is \(array.shape), the manifest says \(shape)")
      }
      tensor.shape = array.shape
      tensor.values = array.floats()
      tensor.isInteger = !array.elementType.isReal
      return tensor
    }
    try readRaw(data, entry, into: &tensor)
    return tensor
  }

  private static func readRaw(
    _ data: Data, _ entry: Entry, into tensor: inout Tensor
  ) throws(AgainstError) {
    // Without a type, bytes are codes.
    let name = entry.type ?? "int8"
    guard let type = types[name] else {
      throw .dump(
        path: tensor.path,
        problem: "'\(name)' is no type that is read; \(types.keys.sorted().joined(separator: ", "))"
          + " are")
    }
    if let shape = entry.shape {
      var count = 1
      for extent in shape {
        let (product, overflows) = count.multipliedReportingOverflow(by: extent)
        guard extent > 0, !overflows, product <= elementLimit else {
          throw .dump(path: tensor.path, problem: "the shape \(shape) is not possible")
        }
        count = product
      }
      guard data.count == count * type.byteCount else {
        throw .dump(
          path: tensor.path,
          problem: "\(data.count) bytes, where the shape \(shape) of \(name) needs "
            + "\(count * type.byteCount)"
            + (data.count < count * type.byteCount ? "; it is cut off" : ""))
      }
    } else if data.isEmpty || data.count % type.byteCount != 0 {
      throw .dump(
        path: tensor.path, problem: "\(data.count) bytes, which are no whole number of \(name)")
    }
    tensor.isInteger = !type.isReal
    tensor.values = elements(Array(data), type)
  }

  private static func elements(_ bytes: [UInt8], _ type: NumPyArray.ElementType) -> [Float] {
    let size = type.byteCount
    return stride(from: 0, to: bytes.count - size + 1, by: size).map { start in
      let bits = (0..<size).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << (8 * $1) }
      return switch type {
      case .int8: Float(Int8(truncatingIfNeeded: bits))
      case .int16: Float(Int16(truncatingIfNeeded: bits))
      case .int32: Float(Int32(truncatingIfNeeded: bits))
      case .int64: Float(Int64(truncatingIfNeeded: bits))
      case .float32: Float(bitPattern: UInt32(truncatingIfNeeded: bits))
      case .float64: Float(Double(bitPattern: bits))
      default: Float(bits)
      }
    }
  }
}
