import OctetRuntime

/// A request of the protocol by which a host looks at a board; the article "Boards" explains it.
package struct DiffRequest: Equatable, Sendable {
  package var command: UInt8
  package var offset: Int
  package var count: Int
  /// The bytes of inputs; empty for other commands.
  package var payload: [UInt8]

  package init(command: UInt8, offset: Int, count: Int, payload: [UInt8] = []) {
    self.command = command
    self.offset = offset
    self.count = count
    self.payload = payload
  }

  package static let hello = DiffRequest(command: DiffServer.Command.hello, offset: 0, count: 0)

  static func input(_ bytes: ArraySlice<UInt8>, at offset: Int) -> Self {
    DiffRequest(
      command: DiffServer.Command.input, offset: offset, count: bytes.count,
      payload: Array(bytes))
  }

  static func run(_ operators: Range<Int>) -> Self { of(DiffServer.Command.run, operators) }
  static func blob(_ range: Range<Int>) -> Self { of(DiffServer.Command.blobBytes, range) }
  static func blobChecksum(_ range: Range<Int>) -> Self {
    of(DiffServer.Command.blobChecksum, range)
  }
  static func arenaChecksum(_ range: Range<Int>) -> Self {
    of(DiffServer.Command.arenaChecksum, range)
  }
  static func arena(_ range: Range<Int>) -> Self { of(DiffServer.Command.arenaBytes, range) }

  private static func of(_ command: UInt8, _ range: Range<Int>) -> Self {
    DiffRequest(command: command, offset: range.lowerBound, count: range.count)
  }

  /// The request on the line.
  package func bytes(number: UInt8) -> [UInt8] {
    var frame = [command, number]
    for value in [offset, count] { frame += UInt32(value).littleEndianBytes }
    frame += payload
    frame += Checksum.value(of: frame).littleEndianBytes
    return DiffFrame.encoded(frame)
  }
}

/// The frames of RFC 1055 (SLIP) with a checksum at their end.
package enum DiffFrame {
  package static func encoded(_ frame: [UInt8]) -> [UInt8] {
    typealias Framing = DiffServer.Framing
    var bytes = [Framing.end]
    for byte in frame {
      switch byte {
      case Framing.end: bytes += [Framing.escape, Framing.escapedEnd]
      case Framing.escape: bytes += [Framing.escape, Framing.escapedEscape]
      default: bytes.append(byte)
      }
    }
    bytes.append(Framing.end)
    return bytes
  }

  /// The frame without its escapes; nil for what no sender writes.
  package static func decoded(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    typealias Framing = DiffServer.Framing
    var frame: [UInt8] = []
    var isEscaped = false
    for byte in bytes {
      if isEscaped {
        switch byte {
        case Framing.escapedEnd: frame.append(Framing.end)
        case Framing.escapedEscape: frame.append(Framing.escape)
        default: return nil
        }
        isEscaped = false
      } else if byte == Framing.escape {
        isEscaped = true
      } else {
        frame.append(byte)
      }
    }
    return isEscaped ? nil : frame
  }
}

/// An answer that arrived whole.
struct DiffAnswer {
  var command: UInt8
  var number: UInt8
  var status: UInt8
  var payload: [UInt8]

  /// Nil where bytes were lost or changed on the way, and for what is no answer.
  init?(_ frame: [UInt8]) {
    guard frame.count >= 7, frame[0] & DiffServer.Command.answer != 0,
      Checksum.value(of: Array(frame.dropLast(4))) == UInt32(littleEndian: frame.suffix(4))
    else { return nil }
    command = frame[0] & ~DiffServer.Command.answer
    number = frame[1]
    status = frame[2]
    payload = Array(frame[3..<frame.count - 4])
  }
}

extension UInt32 {
  var littleEndianBytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) } }

  /// The number in four bytes.
  init(littleEndian bytes: some Collection<UInt8>) {
    self = bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }
}

/// What a board says of itself.
package struct DiffHello: Equatable, Sendable {
  package var protocolVersion, libraryVersion, formatVersion: Int
  package var errorCode, errorDetail: Int
  package var blobAddress, blobByteCount: Int
  package var arenaAddress, arenaByteCount: Int
  package var stackAddress: Int
  package var operatorCount, inputByteCount: Int

  /// Nil for too few bytes.
  init?(_ payload: [UInt8]) {
    guard payload.count >= 52 else { return nil }
    let words = (0..<12).map { Int(UInt32(littleEndian: payload[4 * $0..<4 * $0 + 4])) }
    (protocolVersion, libraryVersion, formatVersion) = (words[0], words[1], words[2])
    (errorCode, errorDetail) = (words[3], words[4])
    (blobAddress, blobByteCount) = (words[5], words[6])
    (arenaAddress, arenaByteCount, stackAddress) = (words[7], words[8], words[9])
    (operatorCount, inputByteCount) = (words[10], words[11])
  }
}
