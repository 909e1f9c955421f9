/// Firmware that takes all requests at once and leaves all answers: files by semihosting, or by
/// ssh.
final class FirmwareLink: DiffLink {
  let name: String
  let isBatch = true
  private let machine: any Machine
  private var requests: [UInt8] = []
  /// The deepest use of the stack in all runs.
  private(set) var stackByteCount = 0
  /// That the stack took all its room, in any run.
  private(set) var stackError: BoardError?
  /// Why the last run did not end as it should, though it left answers.
  private(set) var failure: BoardError?

  init(_ machine: any Machine, name: String) {
    self.machine = machine
    self.name = name
  }

  func send(_ bytes: [UInt8]) { requests += bytes }

  func receive(within seconds: Double) throws(BoardError) -> [UInt8] {
    guard !requests.isEmpty else { return [] }
    defer { requests = [] }
    // Where a stack in the arena does harm is what a comparison finds.
    let run: MachineRun
    do throws(BoardError) {
      run = try machine.attempt(inputs: requests, isTracing: false)
    } catch {
      // Answers from before say how far it came.
      let answers = machine.partialOutputs()
      if answers.isEmpty { throw error }
      failure = error
      return answers
    }
    stackError = stackError ?? run.report.stackError
    stackByteCount = max(stackByteCount, run.report.stackByteCount)
    return run.outputs
  }
}
