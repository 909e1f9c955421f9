/// A validated `.oct` blob, read in place: nothing is parsed into objects and nothing is copied.
///
/// A model lives as long as the bytes that it was made of, which the compiler checks. An index out
/// of range stops the program, as an array's does.
public struct Model: ~Escapable, Sendable {
  package let blob: BlobView

  /// Checks `bytes` once, completely: after it, kernels run without checks and cannot fail.
  ///
  /// The work is one pass over the bytes for the checksum, one over the tables, at most two over
  /// the data, and a comparison of the tensors pair by pair; the article "The blob" gives its
  /// bounds. Nothing outside `bytes` is read.
  ///
  /// - Parameter bytes: the whole blob, at an address that is a multiple of 4.
  /// - Throws: what is wrong and at which byte.
  @_lifetime(copy bytes)
  public init(validating bytes: RawSpan) throws(ModelError) {
    // Safety: the model's lifetime is that of `bytes`.
    blob = try unsafe bytes.withUnsafeBytes { region throws(ModelError) in
      try unsafe BlobView(validating: region)
    }
  }

  /// The same for bytes of flash, of `mmap` or from C, whose lifetime nobody can check: they must
  /// outlive the model unchanged.
  @_lifetime(immortal)
  public init(validating bytes: UnsafeRawBufferPointer) throws(ModelError) {
    blob = try unsafe BlobView(validating: bytes)
  }

  /// - Parameter owner: keeps the blob's bytes alive and unchanged.
  @_lifetime(borrow owner)
  package init<Owner: AnyObject>(_ blob: BlobView, heldBy owner: borrowing Owner) {
    self.blob = blob
  }

  /// Bytes of the arena that a session needs.
  public var arenaByteCount: Int { blob.arenaByteCount }
  /// Inputs, each a tensor.
  public var inputCount: Int { blob.inputCount }
  /// Outputs, each a tensor; at least one.
  public var outputCount: Int { blob.outputCount }
  /// Operators, in the order of execution.
  public var operatorCount: Int { blob.operatorCount }
  /// Labels of the classes, in the order of the scores; 0 when the model has none.
  public var labelCount: Int { blob.labelCount }

  /// Shape and quantization of input `index`, in 0 ..< `inputCount`.
  public func input(_ index: Int) -> TensorFormat { TensorFormat(blob.input(index)) }

  /// Shape and quantization of output `index`, in 0 ..< `outputCount`.
  public func output(_ index: Int) -> TensorFormat { TensorFormat(blob.output(index)) }

  /// The name, in UTF-8, of operator `index`, in 0 ..< `operatorCount`: of the layer that it was.
  @_lifetime(copy self)
  public func operatorName(_ index: Int) -> Span<UInt8> { span(of: blob.operator(index).name) }

  /// The label, in UTF-8, of class `index`, in 0 ..< `labelCount`.
  @_lifetime(copy self)
  public func label(_ index: Int) -> Span<UInt8> { span(of: blob.label(index)) }

  /// The mean and the standard deviation (above 0) that pixels of `channel`, counted from 0, were
  /// normalised with in training, on a scale of 0…1; nil when the model does not say.
  public func normalization(channel: Int) -> (mean: Float, standardDeviation: Float)? {
    guard channel >= 0, channel < blob.normalizationChannelCount else { return nil }
    return blob.normalization(channel: channel)
  }

  @_lifetime(copy self)
  private func span(of name: NameBytes) -> Span<UInt8> {
    // Safety: the name lies in the blob, which lives as long as the model.
    unsafe _overrideLifetime(
      Span(_unsafeStart: name.start.assumingMemoryBound(to: UInt8.self), count: name.count),
      copying: self)
  }
}

/// What the int8 or int16 values of an input or output mean: up to four dimensions, in row-major order, and
/// the real numbers that they stand for, `scale · (value − zeroPoint)`.
public struct TensorFormat: Sendable {
  private let dimensions: [4 of Int32]
  /// Dimensions, 0…4.
  public let rank: Int
  /// The product of the dimensions.
  public let elementCount: Int
  /// Bytes of an element: 1 of int8, 2 of int16, the lower one first.
  public let elementByteCount: Int
  /// The step between two values, above 0.
  public let scale: Float
  /// The value that stands for 0, −128…127.
  public let zeroPoint: Int32

  init(_ tensor: TensorRecord) {
    dimensions = [4 of Int32] { Int32(truncatingIfNeeded: tensor.dimension($0)) }
    rank = tensor.rank
    elementCount = tensor.elementCount
    elementByteCount = tensor.elementByteCount
    scale = tensor.scale
    zeroPoint = tensor.zeroPoint
  }

  /// N, H, W, C: dimension `axis`, in 0 ..< 4; where there are fewer than four, 1s stand before.
  public func dimension(_ axis: Int) -> Int { Int(dimensions[axis]) }
}
