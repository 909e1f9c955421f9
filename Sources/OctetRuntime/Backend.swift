/// Which instructions the kernels use. All give the same bytes.
public enum Backend: UInt8, Sendable {
  /// Swift that runs on any core.
  case portable = 0

  /// Whether this machine can run it.
  public var isAvailable: Bool {
    switch self {
    case .portable: true
    }
  }

  /// The fastest that this machine has.
  public static var best: Backend { .portable }
}

#if !hasFeature(Embedded)
  extension Backend: CaseIterable {
    /// As the command line says it.
    public var name: String {
      switch self {
      case .portable: "portable"
      }
    }
  }
#endif
