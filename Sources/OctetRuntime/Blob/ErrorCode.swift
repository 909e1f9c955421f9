/// The numbers by which machines know errors, in firmware's report and from octet.h: 1…96 are
/// `ModelError.Cause`, the others stand here. A number never changes its meaning.
package enum ErrorCode: UInt8, Sendable {
  // Firmware's own.
  case file = 97
  case stack = 98
  case fault = 99

  // A session's.
  case arenaTooSmall = 100
  case arenaMisaligned = 101
  case tensorIndex = 102
  case inputByteCount = 103
  case workspaceTooSmall = 104
  case workspaceMisaligned = 105
  case backendUnavailable = 106

  // The C interface's.
  case outputByteCount = 107
  case notOpen = 108
  case selfTest = 109

  // An update's.
  case updateFlash = 110
  case updateImage = 111
  case updateTooLarge = 112
  case updateVersion = 113
  case updateNotAuthentic = 114
  case updateSelfTest = 115
  case updateTrial = 116
  case updateNone = 117

  /// One clear sentence part: what is wrong.
  package var text: StaticString {
    switch self {
    case .file: "a file of the host could not be written"
    case .stack: "the stack needed more memory than was free for it"
    case .fault: "the core faulted, which is a defect"
    case .arenaTooSmall: "the arena is smaller than the model needs"
    case .arenaMisaligned: "the arena must start at an address that is a multiple of 4"
    case .tensorIndex: "the model has no such input or output"
    case .inputByteCount: "the input has not the number of bytes that the model needs"
    case .workspaceTooSmall: "the workspace is smaller than the backend needs"
    case .workspaceMisaligned: "the workspace must start at an address that is a multiple of 64"
    case .backendUnavailable: "this machine has not the backend's instructions"
    case .outputByteCount: "the output has not the number of bytes that the model gives"
    case .notOpen: "the session is not open; octet_open did not succeed"
    case .selfTest: "the self-test gave other bytes than on the host"
    case .updateFlash: "the flash could not be read, erased or programmed"
    case .updateImage: "the update is damaged, cut off, or none of octet export --to slot"
    case .updateTooLarge: "the update is larger than a slot"
    case .updateVersion: "the update's version is too low"
    case .updateNotAuthentic: "the update is not signed by whom it should be"
    case .updateSelfTest: "the update's model does not load or fails its self-test"
    case .updateTrial: "a model on trial is running; confirm or reject it first"
    case .updateNone: "no slot has a model to run"
    }
  }

  /// What any code means; nil for a number that none has.
  package static func text(of code: Int) -> StaticString? {
    guard let code = UInt8(exactly: code) else { return nil }
    return ErrorCode(rawValue: code)?.text ?? ModelError.Cause(rawValue: code)?.text
  }
}

#if !hasFeature(Embedded)
  extension ErrorCode: CaseIterable {}
#endif
