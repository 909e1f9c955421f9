// What `PairedProducts` needs: the products of weights eight apart in a step of 16 taps add up in
// 16 bits, unless both weights and both values are −128.

extension BlobView {
  /// Whether kernels of `backend` may add products of weights in 16 bits: see `PairedProducts`.
  func addsPairs(on backend: Backend) -> Bool {
    #if canImport(COctetKernels.NEON)
      backend == .neon && !hasLowestPairs
    #else
      false
    #endif
  }
}

#if canImport(COctetKernels.NEON)
  extension BlobView {
    /// Whether some kernel that adds such products would meet two weights of −128. One pass over
    /// the weights, much quicker than the one for the checksum.
    private var hasLowestPairs: Bool {
      for index in 0..<operatorCount {
        var query = LowestPairQuery()
        try? self.operator(index).accept(&query)
        if query.hasLowestPairs { return true }
      }
      return false
    }
  }

  extension Operator {
    var hasLowestPairs: Bool { false }
  }

  extension Convolution {
    var hasLowestPairs: Bool {
      if view.hasNarrowWeights { return false }
      var channels = Channels(self)
      for _ in 0..<word(Word.groups) {
        if channels.hasLowestPairs { return true }
        channels.advance()
      }
      return false
    }
  }

  extension FullyConnected {
    var hasLowestPairs: Bool { !view.hasNarrowWeights && Channels(self).hasLowestPairs }
  }

  extension Channels {
    /// Whether any row has weights of −128 eight apart in a step of 16 taps; the last step of a row
    /// may take the next row's weights for its own.
    var hasLowestPairs: Bool {
      var row = unsafe UnsafeRawPointer(weights)
      for _ in 0..<count {
        var index = 0
        while index &+ 8 < depth {
          let low = unsafe (row + index).loadUnaligned(as: UInt64.self)
          let high = unsafe (row + (index &+ 8)).loadUnaligned(as: UInt64.self)
          if Self.hasZeroByte((low ^ 0x8080_8080_8080_8080) | (high ^ 0x8080_8080_8080_8080)) {
            return true
          }
          index &+= 16
        }
        unsafe row += depth
      }
      return false
    }

    @inline(__always)
    fileprivate static func hasZeroByte(_ bytes: UInt64) -> Bool {
      (bytes &- 0x0101_0101_0101_0101) & ~bytes & 0x8080_8080_8080_8080 != 0
    }
  }

  extension DepthwiseConvolution {
    /// Whether any weight is −128, which exporters of symmetric weights leave out.
    var hasLowestWeight: Bool {
      let count = rows.kernel &* columns.kernel &* output.channels
      let bytes = unsafe UnsafeRawPointer(weights)
      var index = 0
      while index &+ 8 <= count {
        let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        if Channels.hasZeroByte(word ^ 0x8080_8080_8080_8080) { return true }
        index &+= 8
      }
      while index < count {
        if unsafe weights[index] == .min { return true }
        index &+= 1
      }
      return false
    }
  }

  private struct LowestPairQuery: OperatorVisitor {
    var hasLowestPairs = false
    mutating func visit<Kind: Operator>(_ kind: Kind.Type, _ view: OperatorRecord) {
      hasLowestPairs = Kind(view).hasLowestPairs
    }
  }
#endif
