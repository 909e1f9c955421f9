/// What a comparison knows before it runs: the same in all shards.
package struct DiffContext: Codable, Sendable, Equatable {
  package var comparison: DiffReport.Comparison
  package var classNames: [String]
  /// The images of the whole set, not of a shard.
  package var sampleCount: Int
  package var layers: [Layer]
  package var outputs: [OutputFacts]
  /// What one model has and the other has not, apart from numbers: sentences.
  package var structure: [String]
  /// What the verdict must know before the figures.
  package var premises: Premises
  /// Why pixels do not become the same values in both models.
  package var normalizationNote: String?
  /// What kind of difference that is.
  package var normalizationCause: DiffReport.Cause?
  package var cost: DiffReport.Cost
  /// Layers without figures, because they give another number of values than the reference's; nil
  /// in shards of an older Octet.
  package var parted: [Parted]?
  /// Nil in shards of an older Octet.
  package var network: DiffReport.Network?
  package var reproduce: DiffReport.Reproduce

  package init(
    comparison: DiffReport.Comparison, classNames: [String], sampleCount: Int, layers: [Layer],
    outputs: [OutputFacts], structure: [String], premises: Premises, normalizationNote: String?,
    cost: DiffReport.Cost, reproduce: DiffReport.Reproduce
  ) {
    self.comparison = comparison
    self.classNames = classNames
    self.sampleCount = sampleCount
    self.layers = layers
    self.outputs = outputs
    self.structure = structure
    self.premises = premises
    self.normalizationNote = normalizationNote
    self.cost = cost
    self.reproduce = reproduce
  }

  /// A layer of another form than the reference's.
  package struct Parted: Codable, Sendable, Equatable {
    package var name: String
    package var finding: DiffReport.Finding

    package init(name: String, finding: DiffReport.Finding) {
      self.name = name
      self.finding = finding
    }
  }

  package struct Layer: Codable, Sendable, Equatable {
    package var name: String
    package var kind: String
    package var tensorName: String
    package var floatTensorName: String
    package var shape: [Int]
    package var scale: Float
    package var zeroPoint: Int
    /// Whether codes are int16; nil in shards of an older Octet, which are int8.
    package var isInt16: Bool?
    /// Its own name as an option takes it, where its result could be int16 and is not, and those of
    /// what it reads; nil in shards of an older Octet.
    package var int16Names: Int16Names?
    package var isScores: Bool
    /// Scale and zero point are prescribed by the operator, or handed on from its input.
    package var hasGivenGrid: Bool
    package var weights: DiffReport.Weights?
    /// The largest |code| of each channel's int8 weights.
    package var weightCodes: [Int]
    /// Share of the weights at ±127.
    package var saturatedWeightShare: Double
    /// How the layer differs from the reference's apart from its numbers.
    package var structure: [String]
    /// What is wrong with it by name, the gravest first: facts and computed hypotheses.
    package var causes: [DiffReport.Finding]
    /// Channels that a shrunk blob lacks because nothing reads them; nil where there are none.
    package var unreadChannels: [Int]?
    /// What it reads: the nearest layers before it, by their positions; nil in shards of an older
    /// Octet.
    package var sources: [Int]?
    /// Whether all codes of a blob stand for reals symmetrically, the input's too; nil of other
    /// layers than the input.
    package var isSymmetric: Bool?
    /// Why its local error cannot be taken apart, where it is an operator of a blob.
    package var splitNote: String?

    package init(
      name: String, kind: String, tensorName: String, floatTensorName: String, shape: [Int],
      scale: Float, zeroPoint: Int, isScores: Bool, hasGivenGrid: Bool,
      weights: DiffReport.Weights?, weightCodes: [Int], saturatedWeightShare: Double,
      structure: [String], causes: [DiffReport.Finding], splitNote: String?
    ) {
      self.name = name
      self.kind = kind
      self.tensorName = tensorName
      self.floatTensorName = floatTensorName
      self.shape = shape
      self.scale = scale
      self.zeroPoint = zeroPoint
      self.isScores = isScores
      self.hasGivenGrid = hasGivenGrid
      self.weights = weights
      self.weightCodes = weightCodes
      self.saturatedWeightShare = saturatedWeightShare
      self.structure = structure
      self.causes = causes
      self.splitNote = splitNote
    }

    package var isFloat: Bool { scale == 0 }
    var isInput: Bool { kind == DiffReport.Layer.inputName }

    /// One more than the largest code.
    var codeLimit: Int { isInt16 == true ? 32_768 : 128 }

    /// The real values of the first and the last code.
    package var grid: (lower: Double, upper: Double) {
      isFloat
        ? (-.infinity, .infinity)
        : (
          Double(scale) * Double(-codeLimit - zeroPoint),
          Double(scale) * Double(codeLimit - 1 - zeroPoint)
        )
    }
  }

  /// What could be int16 and is not.
  package struct Int16Names: Codable, Sendable, Equatable {
    package var own: String?
    package var sources: [String]

    package init(own: String?, sources: [String]) { (self.own, self.sources) = (own, sources) }
  }

  /// The same comparison, whatever the machine took for it.
  package func isSameComparison(as other: DiffContext) -> Bool {
    comparison == other.comparison && premises == other.premises && classNames == other.classNames
      && sampleCount == other.sampleCount && layers.description == other.layers.description
      && outputs == other.outputs && reproduce.checksums == other.reproduce.checksums
  }
}
