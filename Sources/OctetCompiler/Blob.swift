import OctetRuntime

/// The bytes of a `.oct` file, kept in place at a fixed, aligned address.
public final class Blob: @unchecked Sendable {
  // Written only while it is made.
  private let storage: UnsafeMutableRawBufferPointer

  /// A copy of `bytes`, whatever they are.
  public init(_ bytes: some Collection<UInt8>) {
    storage = .allocate(byteCount: max(bytes.count, 1), alignment: 64)
    storage.copyBytes(from: bytes)
    count = bytes.count
  }

  deinit { storage.deallocate() }

  /// The number of bytes.
  public let count: Int
  /// A copy of the bytes.
  public var bytes: [UInt8] { Array(storage[..<count]) }

  /// The model in these bytes, checked; it keeps them alive.
  public func model() throws(ModelError) -> LoadedModel { try LoadedModel(self) }

  /// Addresses of the bytes, checked; for a `LoadedModel`, which holds the blob with them.
  func validatedView() throws(ModelError) -> BlobView {
    try BlobView(validating: UnsafeRawBufferPointer(rebasing: storage[..<count]))
  }

  /// Lets `body` read what the compiler itself wrote and has not finished.
  func withUnfinishedView<Result>(_ body: (BlobView) -> Result) -> Result {
    body(BlobView(unvalidated: UnsafeRawBufferPointer(rebasing: storage[..<count])))
  }
}
