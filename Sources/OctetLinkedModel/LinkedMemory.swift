#if !hasFeature(Embedded)
  import OctetRuntime
  import Synchronization

  /// What a linked model has in a program with a heap: its blob, its arena and what the fastest
  /// kernels of the machine keep, made when it is first used. One thread at a time runs the model;
  /// others wait.
  @safe public final class LinkedMemory: @unchecked Sendable {
    // Safety: nothing here is freed; the arena and the workspace are used under the lock.
    private let blob: UnsafeRawBufferPointer
    private let arena: UnsafeMutableRawBufferPointer
    private let preparation: SessionState.Preparation
    private let lock = Mutex(())

    /// - Parameters:
    ///   - base64: the bytes of a blob that `octet export` wrote: a literal of text is what Swift
    ///     compiles quickest.
    ///   - byteCount: the number of these bytes.
    ///   - arenaByteCount: the bytes that the blob asks for.
    public init(base64: StaticString, byteCount: Int, arenaByteCount: Int) {
      let blob = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
      unsafe Self.decode(base64, into: blob)
      unsafe self.blob = UnsafeRawBufferPointer(blob)
      unsafe arena = .allocate(byteCount: max(arenaByteCount, 4), alignment: 64)
      // Safety: the build validated these bytes.
      let view = unsafe BlobView(unvalidated: UnsafeRawBufferPointer(blob))
      let workspaceByteCount = view.workspaceByteCount(for: .best)
      let workspace =
        workspaceByteCount == 0
        ? nil
        : UnsafeMutableRawBufferPointer.allocate(byteCount: workspaceByteCount, alignment: 64)
      do {
        preparation = try unsafe SessionState(view, arena: arena, workspace: workspace).preparation
      } catch {
        preconditionFailure("\(error)")
      }
    }

    /// Lets `body` use the model; nobody else does meanwhile, so `body` must not use it again.
    public func withModel<Result>(_ body: (inout LinkedModel) -> Result) -> Result {
      lock.withLock { _ in
        var model = unsafe LinkedModel(
          SessionState(unvalidated: blob, arena: arena.baseAddress!, preparation))
        return body(&model)
      }
    }

    /// Lets `body` read the blob.
    public func withBytes<Result, Failure: Error>(
      _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
      try unsafe body(blob)
    }

    /// Four characters are three bytes (RFC 4648); the last ones may stand for fewer.
    private static func decode(_ text: StaticString, into bytes: UnsafeMutableRawBufferPointer) {
      var (bits, bitCount, position) = (UInt32(0), 0, 0)
      for index in 0..<text.utf8CodeUnitCount {
        let character = unsafe text.utf8Start[index]
        bits = bits << 6 | value(of: character)
        bitCount += 6
        guard bitCount >= 8, position < bytes.count else { continue }
        bitCount -= 8
        unsafe bytes[position] = UInt8(truncatingIfNeeded: bits >> UInt32(bitCount))
        position += 1
      }
    }

    private static func value(of character: UInt8) -> UInt32 {
      switch character {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
      case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
      case UInt8(ascii: "+"): 62
      case UInt8(ascii: "/"): 63
      default: 0
      }
    }
  }
#endif
