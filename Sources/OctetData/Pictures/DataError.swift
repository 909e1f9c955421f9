/// Why images could not be had: which file, where in it, and what to do.
public enum DataError: Error, Equatable, Sendable, CustomStringConvertible {
  /// There is nothing at `path`.
  case missing(path: String, advice: String)
  /// There is something at `path`, but it cannot be read (permission, a folder, a device).
  case unreadable(path: String, reason: String)
  /// The bytes at `path` are not what the format asks for. `byteOffset` counts from the start
  /// of the file, or of its uncompressed bytes where `reason` says so.
  case malformed(path: String, byteOffset: Int, reason: String)
  /// Each file is well formed, but the whole cannot be used.
  case unsuitable(path: String, reason: String)

  /// True where the input is not there or cannot be opened (exit status 66, `EX_NOINPUT`), false
  /// where it is there and wrong (65, `EX_DATAERR`).
  public var isMissingInput: Bool {
    switch self {
    case .missing, .unreadable: true
    case .malformed, .unsuitable: false
    }
  }

  /// The path that the error is about.
  public var path: String {
    switch self {
    case .missing(let path, _), .unreadable(let path, _), .malformed(let path, _, _),
      .unsuitable(let path, _):
      path
    }
  }

  public var description: String {
    switch self {
    case .missing(let path, let advice): "'\(path)' does not exist; \(advice)"
    case .unreadable(let path, let reason): "'\(path)' cannot be read: \(reason)"
    case .malformed(let path, let byteOffset, let reason):
      "'\(path)', byte \(byteOffset): \(reason)"
    case .unsuitable(let path, let reason): "'\(path)': \(reason)"
    }
  }
}

/// What a file at most may ask of this process. Larger ones are refused before memory is taken.
package enum DataLimits {
  /// Bytes of one file, and of all images of one set: 1 GiB (CIFAR-10 takes 0.15).
  package static let byteCount = 1 << 30
  /// Pixels of one picture (PNG, JPEG, PGM, PPM, BMP): 64 Mi.
  package static let pixelCount = 1 << 26
  /// Height or width of one picture.
  package static let side = 1 << 16
  /// Classes of one set, because a label is a byte.
  package static let classCount = 256
}
