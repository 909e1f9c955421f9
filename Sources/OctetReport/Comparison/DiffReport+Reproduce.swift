extension DiffReport {
  /// The same blob and images on a board, byte for byte.
  public struct BoardComparison: Codable, Sendable, Equatable {
    /// The board's name.
    public var board: String
    /// The number of images run there.
    public var sampleCount: Int
    /// Whether all output bytes are this machine's.
    public var outputsMatchHost: Bool
    /// Whether every layer's CRC-32 in the self-test was right.
    public var selfTestPassed: Bool
    /// The first image whose bytes differ; nil when none does.
    public var differingSampleIndex: Int?
    /// The first operator whose bytes differ; nil when none does.
    public var differingLayer: String?
    /// A clause about that operator.
    public var detail: String?
    /// The first wrong operator and element, and why; nil when all operators' bytes are the same
    /// and nothing else writes into the arena.
    public var finding: BoardFinding?

    /// Whether nothing is wrong with the board.
    package var isGood: Bool { outputsMatchHost && selfTestPassed && finding == nil }

    /// What is wrong with it, in a clause whose subject is the board.
    package var failure: String {
      outputsMatchHost && selfTestPassed
        ? "makes the same bytes, and something writes into its arena"
        : finding?.kind == .stopped
          ? "stops while it runs" : "computes other bytes than this machine"
    }

    package init(
      board: String, sampleCount: Int, outputsMatchHost: Bool, selfTestPassed: Bool,
      differingSampleIndex: Int?, differingLayer: String?, detail: String?,
      finding: BoardFinding? = nil
    ) {
      self.board = board
      self.sampleCount = sampleCount
      self.outputsMatchHost = outputsMatchHost
      self.selfTestPassed = selfTestPassed
      self.differingSampleIndex = differingSampleIndex
      self.differingLayer = differingLayer
      self.detail = detail
      self.finding = finding
    }
  }

  /// What it takes to get the same figures again.
  public struct Reproduce: Codable, Sendable, Equatable {
    /// The command line as it was typed.
    public var command: String
    /// The versions of what took part, by name.
    public var versions: [String: String]
    /// The CRC-32 of each file or part as eight hexadecimal digits, by name.
    public var checksums: [String: String]
    /// Nil, since nothing is drawn by chance; kept so that readers need not guess.
    public var seed: UInt64?

    package init(command: String, versions: [String: String], checksums: [String: String]) {
      self.command = command
      self.versions = versions
      self.checksums = checksums
    }
  }
}
