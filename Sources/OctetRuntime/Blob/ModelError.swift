/// Why bytes are not a model, and where.
public struct ModelError: Error, Equatable, Sendable {
  /// What is wrong.
  public let cause: Cause
  /// The byte of the blob at which the fault shows.
  public let offset: Int

  @inline(never)
  package init(_ cause: Cause, at offset: Int) {
    self.cause = cause
    self.offset = offset
  }

  /// - Parameter record: where the field's record starts; 0 for the header.
  init<Value>(_ cause: Cause, at field: Field<Value>, of record: Int = 0) {
    self.init(cause, at: record &+ field.offset)
  }

  /// What is wrong; the numbers are those that firmware reports and octet.h has.
  public enum Cause: UInt8, Sendable {
    case misaligned = 1
    case truncated
    case magic
    case version
    case byteCount
    case checksum
    case sectionOutOfBounds
    case tooLarge
    case tensorShape
    case tensorByteCount
    case tensorScale
    case tensorStorage
    case tensorOutOfBounds
    case tensorLifetime
    case tensorsOverlap
    case tensorIndex
    case stringOffset
    case operatorKind
    case operatorNotLinked
    case operatorOperands
    case operatorParameters
    case operatorShape
    case operatorShift
    case scratch
    case modelInputsOutputs
    case normalization
    case selfTest
    case sumOverflow
    case sharedData
    case tooManySteps
    case longName
    case arithmetic

    /// One clear sentence part: what is wrong and what to do.
    public var text: StaticString {
      switch self {
      case .misaligned: "the blob must start at an address that is a multiple of 4"
      case .truncated: "shorter than a blob's header; the file is cut off or is not a blob"
      case .magic: "does not start with OCT8, so this is not an Octet blob"
      case .version: "made for another version of the format; write it again with this octet"
      case .byteCount: "the byte count in the header is not that of the data; it is cut off"
      case .checksum: "the checksum does not match; the file is damaged, copy or write it again"
      case .sectionOutOfBounds: "a section lies outside the blob"
      case .tooLarge: "a count exceeds the published limits"
      case .tensorShape: "a tensor has an impossible shape"
      case .tensorByteCount: "a tensor's byte count is not that of its shape"
      case .tensorScale: "a tensor's scale is not a positive, finite number"
      case .tensorStorage: "a tensor is stored in an unknown place"
      case .tensorOutOfBounds: "a tensor lies outside the arena or the data"
      case .tensorLifetime: "a tensor's lifetime does not match its use"
      case .tensorsOverlap: "two live tensors overlap in the arena"
      case .tensorIndex: "a tensor index is out of range"
      case .stringOffset: "a name lies outside the strings"
      case .operatorKind: "an operator of unknown kind"
      case .operatorNotLinked: "an operator that this firmware was built without"
      case .operatorOperands: "an operator has the wrong number or storage of operands"
      case .operatorParameters: "an operator's parameters are out of range"
      case .operatorShape: "an operator's shapes do not fit together"
      case .operatorShift: "a requantization shift or multiplier is out of range"
      case .scratch: "an operator's scratch memory is too small or overlaps its operands"
      case .modelInputsOutputs: "the model's inputs or outputs are wrong"
      case .normalization: "the input normalisation is not usable"
      case .selfTest: "the self-test's expected output does not fit the model's outputs"
      case .sumOverflow: "an input could overflow a sum; weights or bias are too large for int32"
      case .sharedData: "the operators name more data than there are; each needs data of its own"
      case .longName: "a name has more than 255 bytes"
      case .arithmetic: "rounds in a way that this octet does not know; use a newer octet"
      case .tooManySteps: "an inference would take more steps than the published limits allow"
      }
    }
  }
}

/// Why a model cannot be run as asked.
public enum SessionError: Error, Equatable, Sendable {
  case arenaTooSmall(byteCount: Int, needed: Int)
  /// The arena must start at an address that is a multiple of 4.
  case arenaMisaligned
  case inputIndex(Int)
  case inputByteCount(Int, needed: Int)
  case workspaceTooSmall(byteCount: Int, needed: Int)
  /// The workspace must start at an address that is a multiple of 64.
  case workspaceMisaligned
  /// The machine has not the instructions.
  case backendUnavailable
}

extension SessionError {
  /// The number of the case for machines.
  package var errorCode: ErrorCode {
    switch self {
    case .arenaTooSmall: .arenaTooSmall
    case .arenaMisaligned: .arenaMisaligned
    case .inputIndex: .tensorIndex
    case .inputByteCount: .inputByteCount
    case .workspaceTooSmall: .workspaceTooSmall
    case .workspaceMisaligned: .workspaceMisaligned
    case .backendUnavailable: .backendUnavailable
    }
  }

  /// The bytes that were needed, or the index that was out of range.
  package var detail: Int {
    switch self {
    case .arenaTooSmall(_, let needed), .inputByteCount(_, let needed),
      .workspaceTooSmall(_, let needed):
      needed
    case .arenaMisaligned: BlobLimits.alignment
    case .workspaceMisaligned: 64
    case .inputIndex(let index): index
    case .backendUnavailable: 0
    }
  }

  /// One clear sentence part: what is wrong.
  public var text: StaticString { errorCode.text }
}

#if !hasFeature(Embedded)
  extension ModelError.Cause: CaseIterable {}

  extension ModelError: CustomStringConvertible {
    /// The byte and what is wrong there.
    public var description: String { "byte \(offset): \(cause.text)" }
  }

  extension SessionError: CustomStringConvertible {
    /// What is wrong, with the figures.
    public var description: String {
      switch self {
      case .arenaTooSmall(let byteCount, let needed):
        "the arena has \(byteCount) bytes, the model needs \(needed)"
      case .arenaMisaligned: "the arena must start at an address that is a multiple of 4"
      case .inputIndex(let index): "the model has no input \(index)"
      case .inputByteCount(let byteCount, let needed):
        "the input has \(byteCount) bytes, the model needs \(needed)"
      case .workspaceTooSmall(let byteCount, let needed):
        "the workspace has \(byteCount) bytes, the backend needs \(needed)"
      case .workspaceMisaligned:
        "the workspace must start at an address that is a multiple of 64"
      case .backendUnavailable: "this machine has not the backend's instructions"
      }
    }
  }
#endif
