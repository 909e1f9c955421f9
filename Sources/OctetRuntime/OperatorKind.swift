/// What an operator of a blob computes. The numbers are part of the format and never change.
package enum OperatorKind: UInt16, Sendable {
  /// Convolution, activation and, where it follows, max pool, as one.
  case convolution = 1
  /// Fully connected and activation.
  case fullyConnected = 2
  /// Depthwise convolution and activation.
  case depthwiseConvolution = 3
  case maxPool = 4
  case averagePool = 5
  /// Over the last axis.
  case softmax = 6
  case add = 7
  case subtract = 8
  case multiply = 9
  case minimum = 10
  case maximum = 11
  case mean = 12
  case concatenation = 13
  /// Padding with a constant; negative amounts crop.
  case pad = 14
  case reshape = 15
  case transpose = 16
  /// A part of the input, with strides; a split is one for each part.
  case slice = 17
  /// Any function of one element: activations, requantization.
  case lookup = 18
  case transposedConvolution = 19
  case resizeNearest = 20
  case resizeBilinear = 21
  /// Over the last axis.
  case logSoftmax = 22
  /// The matrix product of two activations.
  case matrixMultiply = 23
  case squaredDifference = 24
  /// Over the last axis.
  case l2Normalization = 25
  /// The same of int16 activations.
  case convolution16 = 26
  case fullyConnected16 = 27
  case depthwiseConvolution16 = 28
  /// Over the last axis, of int16.
  case softmax16 = 29
  /// The logistic function and the hyperbolic tangent of int16.
  case sigmoid16 = 30
  /// Codes of another scale or width: between int8 and int16, or of int16.
  case requantize = 31
  /// The same as 1 to 3 with weights of four bits.
  case convolution4 = 32
  case fullyConnected4 = 33
  case depthwiseConvolution4 = 34
}

/// What a kernel sees: the operands' memory.
@safe struct OperatorContext {
  // Safety: `Session` makes one only for a validated model and an arena of the size it asks for,
  // so every tensor's bytes lie inside the blob or the arena.
  let view: OperatorRecord
  let arena: UnsafeMutableRawPointer
  /// The instruction set that kernels may use.
  let backend: Backend
  /// NEON: whether products of weights may be added in 16 bits, see `PairedProducts`.
  let addsPairs: Bool

  init(view: OperatorRecord, arena: UnsafeMutableRawPointer, backend: Backend, addsPairs: Bool) {
    self.view = view
    unsafe self.arena = arena
    self.backend = backend
    self.addsPairs = addsPairs
  }

  /// The first element of a tensor to read: `elementCount` int8 values.
  func elements(of tensor: TensorRecord) -> UnsafePointer<Int8> {
    let start =
      tensor.isConstant
      ? unsafe tensor.blob.pointer(tensor.dataOffset)
      : unsafe UnsafeRawPointer(arena + tensor.dataOffset)
    return unsafe start.assumingMemoryBound(to: Int8.self)
  }

  func input(_ index: Int) -> UnsafePointer<Int8> { unsafe elements(of: view.operand(index)) }

  /// The first element of input `index`, whose elements are `Element`, to read.
  func input<Element: TensorElement>(
    _ index: Int, as _: Element.Type
  ) -> UnsafePointer<Element> {
    unsafe UnsafeRawPointer(input(index)).assumingMemoryBound(to: Element.self)
  }

  /// The first element of output `index`, to write.
  func output(_ index: Int) -> UnsafeMutablePointer<Int8> {
    unsafe (arena + view.result(index).dataOffset).assumingMemoryBound(to: Int8.self)
  }

  /// The first element of output `index`, whose elements are `Element`, to write.
  func output<Element: TensorElement>(
    _ index: Int, as _: Element.Type
  ) -> UnsafeMutablePointer<Element> {
    unsafe (arena + view.result(index).dataOffset).assumingMemoryBound(to: Element.self)
  }

  /// The operator's scratch memory: `scratchByteCount` bytes, aligned as the arena up to 16.
  var scratch: UnsafeMutableRawPointer { unsafe arena + view.scratchOffset }

  /// Constant data at a blob offset.
  func data<T: BitwiseCopyable>(_ offset: Int32, as type: T.Type) -> UnsafePointer<T> {
    unsafe view.data(offset, as: type)
  }
}

/// What the codes of a tensor are: Int8 or Int16.
protocol TensorElement: FixedWidthInteger, SignedInteger, BitwiseCopyable {}
extension Int8: TensorElement {}
extension Int16: TensorElement {}

extension OperatorRecord {
  /// Constant data at a blob offset.
  func data<T: BitwiseCopyable>(_ offset: Int32, as type: T.Type) -> UnsafePointer<T> {
    unsafe blob.pointer(Int(offset)).assumingMemoryBound(to: type)
  }
}

#if !hasFeature(Embedded)
  extension OperatorKind: CaseIterable {}
#endif
