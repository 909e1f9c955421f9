import Foundation
import OctetCompiler

/// One HTML file that runs a model: the runtime as WebAssembly, the blob, and `Firmware/Page`'s
/// text around them. It needs no network and sends nothing.
public struct ModelPage {
  private let builder: BoardBuilder

  /// - Throws: `BoardError` without the toolchain or Octet's sources.
  public init() throws(BoardError) {
    let toolset = try PackageSources.find().firmware.appendingPathComponent("Page/toolset.json")
    builder = try BoardBuilder(Self.machine, toolset: toolset)
  }

  /// Only the compilers' part of it is used.
  private static let machine = Board(
    name: "wasm32", summary: "", family: .wasi, triple: "wasm32-unknown-none-wasm", emulator: [])

  /// octet.h as a WebAssembly module that imports nothing, with the model's operators alone: for
  /// pages of one's own.
  public func module(_ blob: Blob) throws(BoardError) -> [UInt8] {
    let model: LoadedModel
    do {
      model = try blob.model()
    } catch {
      throw .invalidModel("\(error)")
    }
    return try runtime(model)
  }

  /// The page's text.
  ///
  /// - Parameters:
  ///   - name: the model's, for a person.
  ///   - pixelCodes: for each channel of the first input the int8 code of a pixel 0…255, which make
  ///     the page take pictures; nil for a model that takes none.
  public func html(
    _ whole: Blob, name: String, pixelCodes: [[Int8]]?
  ) throws(BoardError) -> String {
    let blob: Blob
    let model: LoadedModel
    do {
      blob = try whole.forFirmware()
      model = try blob.model()
    } catch {
      throw .invalidModel("\(error)")
    }
    let ports =
      (0..<model.inputCount).map { model.input($0) }
      + (0..<model.outputCount).map { model.output($0) }
    if let wide = ports.first(where: \.isInt16) {
      throw .invalidModel(
        "'\(wide.name)' is int16; pages take and give int8, so quantize inputs and outputs to int8")
    }
    let contents = Contents(
      blob, model, name: name, runtime: try runtime(model), pixelCodes: pixelCodes,
      selfTestSample: try HostRun(blob).selfTestSample())
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(contents) else {
      throw .invalidModel("a scale or a name of it cannot be written as JSON")
    }
    let parts = [
      "title": name.filter { !"<>&".contains($0) },
      "style": try text("page.css"),
      "script": try text("page.js"),
      // Nothing in it can end the script element.
      "model": String(decoding: data, as: UTF8.self).replacingOccurrences(of: "<", with: "\\u003c"),
    ]
    return Self.fill(try text("page.html"), with: parts)
  }

  private func text(_ name: String) throws(BoardError) -> String {
    let file = builder.sources.firmware.appendingPathComponent("Page/\(name)")
    return String(decoding: try file.read(), as: UTF8.self)
  }

  /// The template with `{{name}}` filled in; what is filled in is not searched again.
  static func fill(_ template: String, with parts: [String: String]) -> String {
    template.components(separatedBy: "{{").enumerated().map { index, piece in
      guard index > 0, let end = piece.range(of: "}}") else { return piece }
      return (parts[String(piece[..<end.lowerBound])] ?? "") + piece[end.upperBound...]
    }.joined()
  }

  private func runtime(_ model: LoadedModel) throws(BoardError) -> [UInt8] {
    let temporary = try makeTemporaryFolder()
    defer { temporary.remove() }
    let work = temporary.url.appendingPathComponent("objects")
    try work.makeFolder()
    let sources = builder.sources
    let objects = [
      try builder.compileRuntime(conditions: BoardBuilder.conditions(model), into: work),
      try builder.compileSwift(
        sources.firmware.appendingPathComponent("CLibrary/Octet.swift"), module: "Octet",
        include: "Firmware/CLibrary/include", into: work),
      try builder.compileC(
        sources.firmware.appendingPathComponent("Sources/Board/memory.c"), into: work, flags: []),
    ]
    let module = work.appendingPathComponent("octet.wasm")
    let functions = try CLibraryBuilder.functions(
      in: sources.firmware.appendingPathComponent("CLibrary/include/octet.h"))
    try Command(
      executable: builder.toolchain.webAssemblyLinker,
      arguments: ["--no-entry", "--gc-sections", "--strip-all", "--stack-first"]
        + (functions + ["__heap_base"]).map { "--export=\($0)" }
        + ["-o", module.path] + objects.map(\.path)
    ).run(step: "wasm-ld")
    return try module.read()
  }

  /// What page.js reads.
  private struct Contents: Encodable {
    var name: String
    var facts: String
    var labels: [String]
    var inputs: [Port]
    var outputCount: Int
    var operators: [Layer]
    var pixelCodes: [[Int8]]?
    var selfTestSample: Data
    var arenaByteCount: Int
    var blob: Data
    var runtime: Data

    struct Port: Encodable {
      var name: String
      var shape: [Int]
      var scale: Float
      var zeroPoint: Int32
    }

    struct Layer: Encodable {
      var name: String
      var kind: String
      var shape: [Int]
    }

    init(
      _ blob: Blob, _ model: LoadedModel, name: String, runtime: [UInt8], pixelCodes: [[Int8]]?,
      selfTestSample: [UInt8]
    ) {
      self.name = name
      let macCount = (0..<model.operatorCount).reduce(0) { $0 + model.operator($1).macCount }
      facts =
        "\(blob.bytes.count) bytes of model, \(model.arenaByteCount) of memory to run it, "
        + "\(macCount) multiply-adds, \(runtime.count) bytes of WebAssembly"
      labels = model.labels
      inputs = (0..<model.inputCount).map { index in
        let tensor = model.input(index)
        return Port(
          name: String(tensor.name), shape: Self.shape(tensor), scale: tensor.scale,
          zeroPoint: tensor.zeroPoint)
      }
      outputCount = model.outputCount
      operators = (0..<model.operatorCount).map { index in
        let view = model.operator(index)
        return Layer(
          name: view.name, kind: view.kind.map { "\($0)" } ?? "",
          shape: Self.shape(view.output(0)))
      }
      self.pixelCodes = pixelCodes
      self.selfTestSample = Data(selfTestSample)
      arenaByteCount = model.arenaByteCount
      self.blob = Data(blob.bytes)
      self.runtime = Data(runtime)
    }

    private static func shape(_ tensor: TensorView) -> [Int] { (0..<4).map(tensor.dimension) }
  }
}
