#if arch(x86_64) || arch(arm) || arch(arm64)
  internal import COctetKernels
#endif

/// Which instructions the kernels use. All give the same bytes.
public enum Backend: UInt8, Sendable {
  /// Swift that runs on any core; on 32-bit ARM what the firmware is built for.
  case portable = 0
  /// x86-64: AVX2.
  case avx2 = 1
  /// x86-64: AVX-512 with VNNI and VBMI.
  case avx512vnni = 2
  /// ARMv7 and AArch64: NEON.
  case neon = 3
  /// AArch64: NEON with the dot product.
  case dotProduct = 4
  /// AArch64: NEON with the dot product and matrix products of int8 (I8MM).
  case matrixProduct = 5

  /// Whether this machine can run it.
  public var isAvailable: Bool {
    switch self {
    case .portable: return true
    case .avx2, .avx512vnni:
      #if arch(x86_64)
        return (self == .avx2 ? octet_has_avx2() : octet_has_avx512vnni()) != 0
      #else
        return false
      #endif
    case .neon, .dotProduct, .matrixProduct:
      #if !canImport(COctetKernels.NEON)
        return false
      #elseif canImport(Darwin)
        return self != .matrixProduct
      #elseif arch(arm)
        return self == .neon && octet_capabilities() & 1 &<< 12 != 0  // HWCAP_NEON
      #else
        let hasDotProduct = octet_capabilities() & 1 &<< 20 != 0  // HWCAP_ASIMDDP
        let hasMatrixProduct = octet_more_capabilities() & 1 &<< 13 != 0  // HWCAP2_I8MM
        return self == .neon || hasDotProduct && (self == .dotProduct || hasMatrixProduct)
      #endif
    }
  }

  /// Whether SDOT may be used.
  var hasDotProduct: Bool { self == .dotProduct || self == .matrixProduct }

  /// The fastest that this machine has.
  public static var best: Backend {
    if Backend.matrixProduct.isAvailable { return .matrixProduct }
    if Backend.dotProduct.isAvailable { return .dotProduct }
    if Backend.neon.isAvailable { return .neon }
    if Backend.avx512vnni.isAvailable { return .avx512vnni }
    if Backend.avx2.isAvailable { return .avx2 }
    return .portable
  }
}

#if !hasFeature(Embedded)
  extension Backend: CaseIterable {
    /// Those that this machine can run.
    package static var available: [Backend] { allCases.filter(\.isAvailable) }

    /// The name on the command line, e.g. `dotprod`.
    package var name: String {
      switch self {
      case .portable: "portable"
      case .avx2: "avx2"
      case .avx512vnni: "avx512vnni"
      case .neon: "neon"
      case .dotProduct: "dotprod"
      case .matrixProduct: "i8mm"
      }
    }

    /// Does as many multiply-adds as the instructions can in `rounds` rounds of a few vectors, for
    /// measuring the machine's peak; how many. 0 when there is no such loop.
    package func runPeakLoop(rounds: Int) -> Int {
      #if arch(x86_64)
        switch self {
        case .avx2: return Int(octet_peak_avx2(Int64(rounds)))
        case .avx512vnni: return Int(octet_peak_avx512vnni(Int64(rounds)))
        default: return 0
        }
      #else
        return 0
      #endif
    }
  }
#endif

extension Model {
  /// Bytes of memory beside the arena in which a session on `backend` keeps weights packed for its
  /// instructions, and buffers; 0 for a backend that needs none.
  public func workspaceByteCount(for backend: Backend) -> Int {
    blob.workspaceByteCount(for: backend)
  }
}

extension BlobView {
  /// See `Model.workspaceByteCount`.
  package func workspaceByteCount(for backend: Backend) -> Int {
    #if arch(x86_64)
      backend == .avx2 || backend == .avx512vnni ? X86Workspace.byteCount(self, backend) : 0
    #else
      0
    #endif
  }
}
