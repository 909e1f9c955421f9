/// What a verb writes into a file, and by what such a file is known: the end of its name and its
/// first bytes.
package enum FileFormat: String, CaseIterable, Sendable {
  case blob = "an Octet blob"
  case onnx = "an ONNX model"
  case tflite = "a TFLite model"
  case html = "an HTML page"
  case json = "a JSON file"
  case header = "a C header"
  case swift = "Swift source"
  case picture = "a PNG picture"
  case wasm = "a WebAssembly module"
  case update = "an update image"
  case package = "a ZIP archive"
  case checkpoint = "a checkpoint of training"
  /// Tensors without a header: nothing tells them.
  case raw = "raw tensors"

  /// The ends of names that are its own, in lower case.
  var fileExtensions: [String] {
    switch self {
    case .blob: ["oct"]
    case .onnx: ["onnx"]
    case .tflite: ["tflite"]
    case .html: ["html", "htm"]
    case .json: ["json"]
    case .header: ["h", "hpp"]
    case .swift: ["swift"]
    case .picture: ["png"]
    case .wasm: ["wasm"]
    case .update: []
    case .package: ["zip"]
    case .checkpoint: ["checkpoint"]
    case .raw: []
    }
  }

  /// Ends of names that promise something no verb writes.
  private static let foreignExtensions: Set<String> = [
    "txt", "md", "csv", "py", "c", "cc", "cpp", "m", "sh", "jpg", "jpeg", "gif", "pdf",
    "svg",
    "bmp", "pgm", "ppm", "pnm", "gz", "tar", "h5", "keras", "pb", "pt", "pth", "npy", "npz",
    "elf", "a", "o", "so", "ld", "yaml", "yml", "toml", "xml", "css", "js",
  ]

  /// Whether a file of this format may have the name. Unknown ends and none may be anything.
  func fits(name: String) -> Bool {
    let last = name.split(separator: "/").last ?? ""
    guard let dot = last.lastIndex(of: "."), dot > last.startIndex else { return true }
    let end = last[last.index(after: dot)...].lowercased()
    if fileExtensions.contains(end) { return true }
    return !Self.foreignExtensions.contains(end)
      && !Self.allCases.contains { $0.fileExtensions.contains(end) }
  }

  /// What a file's first bytes say it is; nil when they say nothing.
  static func described(by bytes: [UInt8]) -> (format: FileFormat?, name: String)? {
    func starts(_ text: String, at offset: Int = 0) -> Bool {
      bytes.dropFirst(offset).starts(with: Array(text.utf8))
    }
    for (format, isIt) in [
      (FileFormat.blob, starts("OCT")), (.update, starts("UPD")), (.tflite, starts("TFL3", at: 4)),
      (.picture, bytes.starts(with: [0x89, 0x50, 0x4e, 0x47])),
      (.wasm, bytes.starts(with: [0, 0x61, 0x73, 0x6d])),
      (.package, bytes.starts(with: [0x50, 0x4b, 3])), (.checkpoint, starts("RUNOCT")),
    ] where isIt {
      return (format, format.rawValue)
    }
    for (name, start) in [
      ("a gzip file", [0x1f, 0x8b]), ("an IDX file", [0, 0, 8]),
      ("an ELF file", [0x7f, 0x45, 0x4c, 0x46]), ("a PDF file", [0x25, 0x50, 0x44, 0x46]),
      ("a JPEG picture", [0xff, 0xd8, 0xff]), ("an HDF5 file", [0x89, 0x48, 0x44, 0x46]),
      ("a NumPy file", [0x93, 0x4e, 0x55, 0x4d]), ("a PGM picture", [0x50, 0x35, 0x0a]),
      ("a PPM picture", [0x50, 0x36, 0x0a]), ("an archive", Array("!<arch>".utf8)),
    ] where bytes.starts(with: start) {
      return (nil, name)
    }
    if isModelProto(bytes) { return (.onnx, FileFormat.onnx.rawValue) }
    let text = String(decoding: bytes.prefix(512), as: UTF8.self).lowercased()
    let first = text.first { !$0.isWhitespace }
    if first == "{" || first == "[" { return (nil, "a JSON file") }
    if text.contains("<!doctype html") || text.contains("<html") {
      return (.html, FileFormat.html.rawValue)
    }
    return nil
  }

  /// An ONNX file starts with the version of its format, field 1, a small number, and goes on with
  /// another field of a ModelProto.
  private static func isModelProto(_ bytes: [UInt8]) -> Bool {
    bytes.count > 3 && bytes[0] == 0x08 && bytes[1] < 0x20
      && [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].contains(bytes[2])
  }

  /// Whether an old file may be replaced unasked: it is of this format, or nothing says what
  /// it is.
  /// Pages and sources must be Octet's own, since people write such files by hand.
  func mayReplace(_ bytes: [UInt8]) -> (name: String, isFine: Bool) {
    if bytes.isEmpty { return ("", true) }
    let text = String(decoding: bytes, as: UTF8.self)
    switch self {
    case .html:
      let isOurs = ["diff", "export", "evaluate", "train", "search"].contains {
        text.contains("octet \($0)")
      }
      return ("a page of somebody else", isOurs)
    case .json:
      return ("a file of somebody else", text.contains("octet diff: "))
    case .header, .swift:
      return ("a file of somebody else", text.contains("an Octet model: int8 weights"))
    case .package:
      let isOurs = String(decoding: bytes.prefix(64), as: UTF8.self).contains("Octet/")
      return ("a ZIP archive of somebody else", isOurs)
    default:
      guard let old = Self.described(by: bytes) else { return ("", true) }
      return (old.name, old.format == self)
    }
  }
}
