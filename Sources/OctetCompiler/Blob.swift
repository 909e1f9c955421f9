import OctetModel
import OctetRuntime

/// The bytes of a `.oct` file, kept in place at a fixed, aligned address.
@safe public final class Blob: @unchecked Sendable {
  // Safety: written only while it is made, and freed with it.
  private let storage: UnsafeMutableRawBufferPointer

  /// A copy of `bytes`, whatever they are.
  public init(_ bytes: some Collection<UInt8>) {
    unsafe storage = .allocate(byteCount: max(bytes.count, 1), alignment: 64)
    unsafe storage.copyBytes(from: bytes)
    count = bytes.count
  }

  deinit { unsafe storage.deallocate() }

  /// The number of bytes.
  public let count: Int
  /// A copy of the bytes.
  public var bytes: [UInt8] { unsafe Array(storage[..<count]) }

  /// The model in these bytes, checked; it keeps them alive.
  public func model() throws(ModelError) -> LoadedModel { try LoadedModel(self) }

  /// Addresses of the bytes, checked; for a `LoadedModel`, which holds the blob with them.
  func validatedView() throws(ModelError) -> BlobView {
    try unsafe BlobView(validating: UnsafeRawBufferPointer(rebasing: storage[..<count]))
  }

  /// Lets `body` read what the compiler itself wrote and has not finished.
  func withUnfinishedView<Result>(_ body: (BlobView) -> Result) -> Result {
    unsafe body(BlobView(unvalidated: UnsafeRawBufferPointer(rebasing: storage[..<count])))
  }

  /// How a valid blob rounds. One that was written before blobs told it says TensorFlow Lite's.
  public var arithmetic: Arithmetic {
    withUnfinishedView { Arithmetic(rawValue: UInt32($0.arithmetic)) } ?? .tensorFlowLite
  }
}

// MARK: What its tables were made of

extension Blob {
  /// What tables were made of, by operator, as the lines behind the sections of a valid blob have
  /// it; lines that say nothing are left out.
  var origins: [Int: Origin] {
    let pairs = notes.compactMap { line -> (Int, Origin)? in
      let words = line.split(separator: " ", maxSplits: 1)
      guard words.count == 2, let index = Int(words[0]), let origin = Origin(text: words[1])
      else { return nil }
      return (index, origin)
    }
    return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }

  /// The lines behind the sections of a valid blob.
  var notes: [Substring] {
    let text = String(decoding: bytes[withUnfinishedView { $0.sectionsEnd }...], as: UTF8.self)
    return text.split(separator: "\n")
  }

  /// The blob without what only tools read: what firmware holds.
  ///
  /// - Throws: when the blob is not valid.
  public func forFirmware() throws(ModelError) -> Blob {
    let end = try model().view.sectionsEnd
    guard end < count else { return self }
    var bytes = Array(bytes[..<end])
    bytes.put(UInt32(end), at: BlobHeader.blobByteCount)
    bytes.putChecksum()
    return Blob(bytes)
  }
}
