import OctetCompiler
import OctetReport

extension BoardDiff {
  /// Builds firmware that a host can look into, runs it in the emulator or by ssh, and compares
  /// every operator with this machine.
  ///
  /// - Parameters:
  ///   - inputs: samples end to end; nil for the self-test alone.
  ///   - host: `user@name` of a Linux board; nil to emulate.
  public static func run(
    _ blob: Blob, on board: Board, inputs: [UInt8]?, host: String? = nil
  ) throws -> BoardDiff {
    if host != nil, board.family != .linux { throw BoardError.notRemote(board.name) }
    return try withTemporaryFolder { folder in
      var builder = try BoardBuilder(board)
      builder.program = "Diff"
      let firmware = try builder.build(blob, into: folder)
      return try run(blob, firmware, inputs: inputs, host: host)
    }
  }

  /// The same with firmware that was built with `program` "Diff".
  package static func run(
    _ blob: Blob, _ firmware: Firmware, inputs: [UInt8]?, host: String? = nil
  ) throws(BoardError) -> BoardDiff {
    let machine: any Machine
    if let host {
      machine = try RemoteMachine(firmware, host: host)
    } else {
      machine = try EmulatedMachine(firmware)
    }
    defer { machine.close() }
    let link = FirmwareLink(machine, name: firmware.board.name)
    var diff: BoardDiff
    do throws(BoardError) {
      diff = try run(blob, over: DiffClient(link, silenceSeconds: 0), inputs: inputs)
    } catch {
      throw link.stackError ?? link.failure ?? error
    }
    if let error = link.stackError ?? link.failure {
      // Harm that shows elsewhere, or in the next run.
      if diff.finding == nil { throw error }
      diff.finding?.reasons.insert(error.description, at: 0)
    }
    return diff
  }

  /// Compares a board on a serial line, whose program calls `octet_diff_open` and
  /// `octet_diff_receive`.
  ///
  /// - Parameters:
  ///   - port: the path of the line.
  ///   - baud: its rate.
  ///   - silenceSeconds: how long an operator may take.
  public static func run(
    _ blob: Blob, port: String, baud: Int, silenceSeconds: Int, inputs: [UInt8]?
  ) throws(BoardError) -> BoardDiff {
    let link = try SerialPort(port, baud: baud)
    return try run(
      blob, over: DiffClient(link, silenceSeconds: Double(silenceSeconds)), inputs: inputs)
  }

  package static func run(
    _ blob: Blob, over client: DiffClient, inputs: [UInt8]?
  ) throws(BoardError) -> BoardDiff {
    let short: Blob
    do {
      short = try blob.forFirmware()
    } catch {
      throw .invalidModel("\(error)")
    }
    // Firmware has the blob without what only tools read; a file may have been flashed whole.
    let hello = DiffHello(try client.exchange([.hello])[0])
    let whole = hello.map { $0.blobByteCount >= blob.count && $0.blobByteCount != short.count }
    var comparer = try BoardComparer(whole == true ? blob : short, over: client)
    return try comparer.run(inputs: inputs)
  }
}

extension DiffReport.BoardComparison {
  /// - Parameter board: the board's name, or the line that it is on.
  package init(_ diff: BoardDiff, board: String) {
    self.init(
      board: board, sampleCount: diff.sampleCount, outputsMatchHost: diff.isSame,
      selfTestPassed: diff.selfTestPassed, differingSampleIndex: diff.differingSampleIndex,
      differingLayer: diff.finding?.layer, detail: diff.finding?.text, finding: diff.finding)
  }
}
