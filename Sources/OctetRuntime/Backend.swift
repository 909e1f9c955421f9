#if arch(arm) || arch(arm64)
  private import COctetKernels
#endif

/// Which instructions the kernels use. All give the same bytes.
public enum Backend: UInt8, Sendable {
  /// Those of any core: Swift, and on 32-bit ARM what the firmware was built for.
  case portable = 0
  /// ARMv7 and AArch64.
  case neon = 1
  /// AArch64 with SDOT.
  case dotProduct = 2

  /// Whether this machine can run it.
  public var isAvailable: Bool {
    switch self {
    case .portable: true
    case .neon: Self.neonLevel >= 1
    case .dotProduct: Self.neonLevel >= 2
    }
  }

  /// The fastest that this machine has.
  public static var best: Backend {
    switch neonLevel {
    case 2: .dotProduct
    case 1: .neon
    default: .portable
    }
  }

  /// 0: none; 1: NEON; 2: its dot product too.
  private static var neonLevel: Int32 {
    #if arch(arm) || arch(arm64)
      octet_may_have_neon() ? octet_neon_level() : 0
    #else
      0
    #endif
  }
}

#if !hasFeature(Embedded)
  extension Backend: CaseIterable {
    /// As the command line says it.
    public var name: String {
      switch self {
      case .portable: "portable"
      case .neon: "neon"
      case .dotProduct: "dotprod"
      }
    }
  }
#endif
