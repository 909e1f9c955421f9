import OctetCommand
import OctetCompiler
import OctetModelFile
import OctetRuntime

struct Verify: Verb {
  let name = "verify"
  let summary = "Validate a blob, then run its self-test on every backend this machine has."
  let model = Positional<String>("M.oct", .input, help: "The blob.")
  let example = "octet verify lenet.oct"
  var parameters: [any Parameter] { [model] }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let path = arguments[model]
    let loaded = try ModelFile.readBlob(path)
    var report = VerifyReport(
      file: path, fileByteCount: loaded.blob.count, checksum: loaded.checksum, backends: [])
    for backend in Backend.allCases where backend.isAvailable {
      let failed = try loaded.makeRunner(backend: backend).selfTest()
      report.backends.append(
        .init(
          name: backend.name, passed: failed == nil,
          firstDifferingOperator: failed.map { loaded.operatorNames[$0] }))
    }
    if let failure = report.backends.first(where: { !$0.passed }) {
      throw CommandError(
        .badData,
        "\(path): on the backend '\(failure.name)' the self-test differs, first at "
          + "'\(failure.firstDifferingOperator ?? "?")'")
    }
    return Outcome(report, text: report.text)
  }
}

struct VerifyReport: Encodable {
  struct Result: Encodable {
    var name: String
    var passed: Bool
    var firstDifferingOperator: String?
  }

  var file: String
  var fileByteCount: Int
  /// CRC-32 of the blob.
  var checksum: UInt32
  var backends: [Result]

  var text: String {
    let names = backends.map(\.name).joined(separator: ", ")
    return
      "\(SafeText.escaped(file)): valid, \(fileByteCount) bytes; the self-test passes on \(names)"
  }
}
