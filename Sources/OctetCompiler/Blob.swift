import OctetModel
import OctetRuntime

/// The bytes of a `.oct` file, kept in place at a fixed, aligned address.
public final class Blob: @unchecked Sendable {
  // Written only while it is made.
  private let storage: UnsafeMutableRawBufferPointer

  public init(_ bytes: some Collection<UInt8>) {
    storage = .allocate(byteCount: max(bytes.count, 1), alignment: 64)
    storage.copyBytes(from: bytes)
    count = bytes.count
  }

  deinit { storage.deallocate() }

  public let count: Int
  public var bytes: [UInt8] { Array(storage[..<count]) }
  var region: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage[..<count]) }

  /// The model, checked. It reads this blob's bytes, so the blob must stay alive with it:
  /// `LoadedModel` holds both.
  public func model() throws(ModelError) -> Model { try Model(validating: region) }

  /// Views of records that are not checked yet; only for what the compiler itself wrote.
  func withUnvalidatedModel<Result>(_ body: (Model) -> Result) -> Result {
    withExtendedLifetime(self) { body(Model(unvalidated: region)) }
  }

  /// How a valid blob rounds. One that was written before blobs told it says TensorFlow Lite's.
  public var arithmetic: Arithmetic {
    withUnvalidatedModel { Arithmetic(rawValue: UInt32($0.arithmetic)) } ?? .tensorFlowLite
  }

  static func validated(_ bytes: [UInt8]) throws(CompilerError) -> Blob {
    let blob = Blob(bytes)
    do {
      _ = try blob.model()
    } catch {
      throw .rejected(error)
    }
    return blob
  }

  var operatorOffset: Int {
    withUnvalidatedModel { $0.operatorTableOffset }
  }

  /// Where the self-test's expected outputs stand; nil when the blob keeps checksums alone.
  var selfTestRange: Range<Int>? {
    withUnvalidatedModel { $0.selfTestRange }
  }

  /// The name of the first operator of a validated blob whose bytes in the self-test are not those
  /// that it records; nil when there is none.
  func selfTestFailure(on backend: Backend) throws(SessionError) -> String? {
    let model = withUnvalidatedModel { $0 }
    let arena = Arena(byteCount: model.arenaByteCount)
    let workspace = Arena(byteCount: model.workspaceByteCount(for: backend))
    // Unlikely results, so that it shows where nothing was computed.
    _ = arena.region.initializeMemory(as: UInt8.self, repeating: 0xA5)
    defer { withExtendedLifetime((self, arena, workspace)) {} }
    let session = try Session(
      model: model, arena: arena.region, backend: backend, workspace: workspace.region)
    return session.selfTest().map { String(model.operator($0).name) }
  }

  /// Runs the self-test on a validated blob.
  func selfTestResults() -> (checksums: [UInt32], outputs: [Int8]) {
    withUnvalidatedModel { model in
      let arena = Arena(byteCount: model.arenaByteCount)
      defer { withExtendedLifetime(arena) {} }
      guard let session = try? Session(model: model, arena: arena.region, backend: .portable) else {
        return ([], [])
      }
      session.fillInputsForSelfTest()
      var checksums: [UInt32] = []
      for index in 0..<model.operatorCount {
        session.runOperator(index)
        checksums.append(session.outputChecksum(of: index))
      }
      let outputs = (0..<model.outputCount).flatMap { Array(session.output($0)) }
      return (checksums, outputs)
    }
  }
}

// MARK: What its tables were made of

extension Blob {
  /// By operator, from the lines behind the sections of a valid blob; lines that say nothing are
  /// left out.
  var origins: [Int: Origin] {
    let text = String(decoding: bytes[withUnvalidatedModel { $0.sectionsEnd }...], as: UTF8.self)
    let pairs = text.split(separator: "\n").compactMap { line -> (Int, Origin)? in
      let words = line.split(separator: " ", maxSplits: 1)
      guard words.count == 2, let index = Int(words[0]), let origin = Origin(text: words[1])
      else { return nil }
      return (index, origin)
    }
    return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }

  /// The blob without what only tools read: what firmware holds.
  ///
  /// - Throws: when the blob is not valid.
  public func forFirmware() throws(ModelError) -> Blob {
    let end = try model().sectionsEnd
    guard end < count else { return self }
    var bytes = Array(bytes[..<end])
    bytes.put(UInt32(end), at: BlobHeader.blobByteCount)
    bytes.putChecksum()
    return Blob(bytes)
  }
}

/// Memory for a session on the host.
public final class Arena {
  public let region: UnsafeMutableRawBufferPointer

  public init(byteCount: Int) {
    region = .allocate(byteCount: max(byteCount, 64), alignment: 64)
    _ = region.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { region.deallocate() }
}
