extension DiffReport {
  /// What the two models take.
  public struct Cost: Codable, Sendable, Equatable {
    /// The reference's totals.
    public var float: Model
    /// The candidate's totals.
    public var int8: Model
    /// The cost of each operator of the candidate.
    public var layers: [Layer]
    /// Every activation and scratch area in the arena, in order of first use; empty for a float
    /// candidate.
    public var arena: [ArenaPlacement]

    package init(float: Model, int8: Model, layers: [Layer], arena: [ArenaPlacement]) {
      self.float = float
      self.int8 = int8
      self.layers = layers
      self.arena = arena
    }

    /// The totals of one model.
    public struct Model: Codable, Sendable, Equatable {
      /// The size of the file; nil when the model was not read from one.
      public var fileByteCount: Int?
      /// Bytes of weights and biases.
      public var weightByteCount: Int
      /// Bytes of the arena; of a float model all activations at once, which is what the
      /// interpreter takes.
      public var activationByteCount: Int
      /// Multiply-adds of one inference.
      public var macCount: Int
      /// The time of one inference on this machine; nil when not measured.
      public var nanoseconds: Double?

      package init(
        fileByteCount: Int?, weightByteCount: Int, activationByteCount: Int, macCount: Int
      ) {
        self.fileByteCount = fileByteCount
        self.weightByteCount = weightByteCount
        self.activationByteCount = activationByteCount
        self.macCount = macCount
      }
    }

    /// The cost of one operator.
    public struct Layer: Codable, Sendable, Equatable {
      /// The operator's name.
      public var name: String
      /// The operation, such as `convolution`.
      public var `operator`: String
      /// Multiply-adds of one inference.
      public var macCount: Int
      /// Bytes of weights and biases.
      public var weightByteCount: Int
      /// The time in real numbers; nil when not measured.
      public var floatNanoseconds: Double?
      /// The time in int8; nil when not measured.
      public var int8Nanoseconds: Double?

      package init(name: String, operator: String, macCount: Int, weightByteCount: Int) {
        self.name = name
        self.operator = `operator`
        self.macCount = macCount
        self.weightByteCount = weightByteCount
      }
    }
  }

  /// The accuracy when single layers are quantized, or left in float.
  public struct Sensitivity: Codable, Sendable, Equatable {
    /// The number of images swept.
    public var sampleCount: Int
    /// The reference's accuracy on them, 0…1.
    public var floatTop1: Double
    /// The candidate's accuracy on them, 0…1.
    public var int8Top1: Double
    /// One entry a layer of the report, in the same order.
    public var layers: [Layer]

    package init(sampleCount: Int, floatTop1: Double, int8Top1: Double, layers: [Layer]) {
      self.sampleCount = sampleCount
      self.floatTop1 = floatTop1
      self.int8Top1 = int8Top1
      self.layers = layers
    }

    /// One layer, both ways.
    public struct Layer: Codable, Sendable, Equatable {
      /// The layer's name.
      public var name: String
      /// The accuracy with only this layer quantized; nil where it cannot be cut out.
      public var onlyThis: Double?
      /// The accuracy with all but this layer quantized; nil where it cannot be cut out.
      public var allButThis: Double?

      package init(name: String, onlyThis: Double?, allButThis: Double?) {
        self.name = name
        self.onlyThis = onlyThis
        self.allButThis = allButThis
      }
    }
  }
}
