#if arch(x86_64)
  internal import COctetKernels

  /// What a session on AVX2 or AVX-512 keeps beside the arena: operators prepared for wide vectors.
  ///
  ///     offsets of the layers │ shared images and sums │ layers: taps, weights, constants
  ///
  /// The same walk over the operators first counts the bytes and then writes them.
  @safe struct X86Workspace {
    // Safety: `base` has the bytes that the counting walk found, aligned to 64.
    /// Nil while counting.
    let base: UnsafeMutableRawPointer?
    let backend: Backend
    private(set) var byteCount: Int
    /// The bytes that layers use one after the other: of the image, then of the scratch.
    private(set) var imageByteCount = 0
    private(set) var scratchByteCount = 0
    private let shared: Int
    /// How the operator is packed that the next one is a band of, and where in the workspace its
    /// layer stands (0 while counting).
    var source: (packing: X86Packing, place: Int)?
    /// Whether the operator's activations are int16.
    var isInt16 = false
    /// Set to learn how an operator would be packed, without doing it.
    private(set) var isProbe = false
    var probed: X86Packing?

    /// Lanes of a vector, each a word of 32 bits.
    var lanes: Int { backend == .avx2 ? 8 : 16 }
    /// Elements of a word: int16 or uint8.
    var elementsPerWord: Int { backend == .avx2 || isInt16 ? 2 : 4 }
    var elementByteCount: Int { 4 / elementsPerWord }
    /// A word of elements of one value.
    func word(of value: Int32) -> UInt32 {
      let bits = UInt32(truncatingIfNeeded: value)
      return elementsPerWord == 2 ? (bits & 0xFFFF) &* 0x1_0001 : (bits &+ 128) &* 0x0101_0101
    }
    var vectorByteCount: Int { 4 &* lanes }

    private init(
      base: UnsafeMutableRawPointer?, backend: Backend, operatorCount: Int, sharedByteCount: Int
    ) {
      unsafe self.base = base
      self.backend = backend
      shared = Self.aligned(8 &* operatorCount)
      byteCount = shared &+ sharedByteCount
    }

    /// The bytes that `model` needs, without writing any.
    static func byteCount(_ blob: BlobView, _ backend: Backend) -> Int {
      let counted = count(blob, backend)
      return counted.byteCount &+ counted.imageByteCount &+ counted.scratchByteCount
    }

    private static func count(_ blob: BlobView, _ backend: Backend) -> X86Workspace {
      var workspace = unsafe X86Workspace(
        base: nil, backend: backend, operatorCount: blob.operatorCount, sharedByteCount: 0)
      for index in 0..<blob.operatorCount { _ = workspace.prepare(blob.uncheckedOperator(index)) }
      return workspace
    }

    /// Prepares the operators of `model` in `base`, which has `byteCount(model, backend)` bytes.
    static func prepare(_ blob: BlobView, _ backend: Backend, in base: UnsafeMutableRawPointer) {
      let counted = count(blob, backend)
      var workspace = unsafe X86Workspace(
        base: base, backend: backend, operatorCount: blob.operatorCount,
        sharedByteCount: counted.imageByteCount &+ counted.scratchByteCount)
      workspace.imageByteCount = counted.imageByteCount
      workspace.scratchByteCount = counted.scratchByteCount
      for index in 0..<blob.operatorCount {
        let offset = workspace.prepare(blob.uncheckedOperator(index)) ?? 0
        unsafe base.storeBytes(of: offset, toByteOffset: 8 &* index, as: Int.self)
      }
    }

    /// The layer's offset; nil when the operator stays with the portable kernel.
    private mutating func prepare(_ view: OperatorRecord) -> Int? {
      if let first = view.firstBand {
        guard let packing = packing(of: first) else { return nil }
        let place = unsafe base?.load(fromByteOffset: 8 &* first.index, as: Int.self)
        source = (packing, place ?? 0)
      }
      var preparation = X86Preparation(workspace: self)
      try? view.accept(&preparation)
      self = preparation.workspace
      source = nil
      isInt16 = false
      return preparation.offset
    }

    /// How the operator is packed; nil when it is not.
    private func packing(of view: OperatorRecord) -> X86Packing? {
      var probe = self
      probe.isProbe = true
      var preparation = X86Preparation(workspace: probe)
      try? view.accept(&preparation)
      return preparation.workspace.probed
    }

    private static func aligned(_ byteCount: Int) -> Int { (byteCount &+ 63) & ~63 }

    /// The offset of `byteCount` bytes of a layer's own.
    mutating func reserve(_ byteCount: Int) -> Int {
      defer { self.byteCount &+= Self.aligned(byteCount) }
      return self.byteCount
    }

    /// Makes room for an image and scratch that no other layer needs at the same time.
    mutating func share(imageByteCount: Int, scratchByteCount: Int) {
      self.imageByteCount = max(self.imageByteCount, Self.aligned(imageByteCount))
      self.scratchByteCount = max(self.scratchByteCount, Self.aligned(scratchByteCount))
    }

    /// Offsets of the shared parts, once counted.
    var imageOffset: Int { shared }
    var scratchOffset: Int { shared &+ imageByteCount }

    /// Runs operator `index` if it was prepared in `base`.
    @inline(__always)
    static func run(
      _ index: Int, in base: UnsafeMutableRawPointer, arena: UnsafeMutableRawPointer
    ) -> Bool {
      let offset = unsafe base.load(fromByteOffset: 8 &* index, as: Int.self)
      if offset == 0 { return false }
      unsafe X86Layer.run(base + offset, arena: arena)
      return true
    }
  }

  extension Operator {
    func prepare(_ workspace: inout X86Workspace) -> Int? { nil }
  }

  private struct X86Preparation: OperatorVisitor {
    var workspace: X86Workspace
    var offset: Int?
    mutating func visit<Kind: Operator>(_ kind: Kind.Type, _ view: OperatorRecord) {
      // Of those that are alike for int8 and int16 there are kernels for int8.
      if view.kind?.elements == .alike, view.result(0).isInt16 { return }
      offset = Kind(view).prepare(&workspace)
    }
  }
#endif
