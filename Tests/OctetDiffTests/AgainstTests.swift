import Foundation
import OctetCompiler
import OctetDiff
import OctetQuantization
import OctetReport
import TestNetworks
import Testing

/// Dumps made of Octet's own tensors, whole and damaged.
struct AgainstTests {
  /// A folder of tensors as another runtime would write it.
  final class Folder {
    let path: String

    init() {
      path =
        FileManager.default.temporaryDirectory
        .appendingPathComponent("octet-dump-\(UUID().uuidString)").path
      try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: [UInt8], _ name: String) throws {
      try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
    }

    func write(_ text: String, _ name: String) throws { try write(Array(text.utf8), name) }
  }

  /// LeNet in int8, or int16, with the bytes of the codes of every place, samples end to end.
  struct Own {
    let model: LoadedModel
    /// The input, then what each operator makes.
    let views: [TensorView]
    let against: Against
    let inputs: AgainstInputs
    var codes: [[Int8]]

    init(sampleCount: Int = 2, isInt16: Bool = false) throws {
      var options = Quantizer.Options()
      options.int16 = isInt16 ? .all : .none
      let graph = try Quantizer.quantize(
        try Networks.lenet(), samples: Networks.samples(8), options: options
      ).graph
      let blob = try Compiler.compile(graph).blob
      let model = try blob.model()
      self.model = model
      views = [model.input(0)] + (0..<model.operatorCount).map { model.operator($0).output(0) }
      against = Against(try DiffModel(model, file: "lenet.oct"))
      inputs = against.generatedInputs(count: sampleCount)
      codes = views.map { _ in [] }
      let runner = try model.makeRunner()
      let given = against.codes(inputs).map { Int8(bitPattern: $0) }
      let count = model.input(0).byteCount
      for sample in 0..<sampleCount {
        try runner.setInput(0, Array(given[sample * count..<(sample + 1) * count]).span)
        for place in views.indices {
          if place > 0 { runner.runOperator(place - 1) }
          codes[place] += runner.elements(of: views[place])
        }
      }
    }

    func name(_ place: Int) -> String {
      place == 0 ? "input" : model.operator(place - 1).name
    }

    /// The place whose values an operator reads.
    func source(of place: Int) -> Int {
      let tensor = model.operator(place - 1).input(0).name
      return views.indices.first { views[$0].name == tensor } ?? 0
    }

    func entry(_ place: Int, name: String? = nil) -> DumpFolder.Entry {
      let view = views[place]
      let shape = view.shape
      return DumpFolder.Entry(
        name: name ?? view.name, file: "\(place).raw",
        role: place == 0 ? .input : .intermediate,
        shape: [inputs.sampleCount] + (shape.first == 1 ? Array(shape.dropFirst()) : shape),
        type: view.isInt16 ? "int16" : "int8", scale: view.scale, zeroPoint: Int(view.zeroPoint),
        layout: nil)
    }

    func write(
      _ codes: [[Int8]], to folder: Folder, names: (Int) -> String? = { _ in nil }
    ) throws {
      let entries = codes.indices.map { entry($0, name: names($0)) }
      let manifest = DumpFolder.Manifest(runtime: "Other 1.0", tensors: entries)
      try folder.write(Array(try JSONEncoder().encode(manifest)), "manifest.json")
      for (place, values) in codes.enumerated() {
        try folder.write(values.map { UInt8(bitPattern: $0) }, "\(place).raw")
      }
    }

    func compare(_ folder: Folder) throws -> AgainstReport {
      let dump = try DumpFolder(folder.path)
      let inputs = try against.inputs(in: dump) ?? inputs
      return try against.run(dump, inputs, against: folder.path)
    }
  }

  @Test("The same tensors are the same, by name, by order, and with channels first")
  func findsNothing() throws {
    let own = try Own()
    let folder = Folder()
    try own.write(own.codes, to: folder)
    var report = try own.compare(folder)
    #expect(report.first == nil && report.tensors.count == own.codes.count - 1)
    #expect(report.inputs == "dump" && report.sampleCount == 2 && report.missing.isEmpty)
    #expect(report.summary.contains("Other 1.0 and Octet have the same values"))
    #expect(report.tensors.allSatisfy { $0.matchedBy == "name" && $0.origin == .same })
    // Names of their own, as of another converter.
    try own.write(own.codes, to: folder) { $0 == 0 ? nil : "t\($0)" }
    report = try own.compare(folder)
    #expect(report.first == nil && report.tensors.count == own.codes.count - 1)
    #expect(report.tensors.allSatisfy { $0.matchedBy == "order" })
    #expect(report.unmatched.isEmpty)
    // NCHW, which the shape tells.
    let place = try #require(
      own.views.indices.first {
        $0 > 0 && own.views[$0].shape.count == 4 && own.views[$0].shape[3] > 1
      })
    let shape = own.views[place].shape
    var entries = own.codes.indices.map { own.entry($0) }
    entries[place].shape = [2, shape[3], shape[1], shape[2]]
    let area = shape[1] * shape[2]
    let moved = own.codes[place].indices.map { index -> UInt8 in
      let (start, inside) = (index / (area * shape[3]) * area * shape[3], index % (area * shape[3]))
      return UInt8(bitPattern: own.codes[place][start + inside % area * shape[3] + inside / area])
    }
    try own.write(own.codes, to: folder)
    try folder.write(moved, "\(place).raw")
    try folder.write(
      Array(try JSONEncoder().encode(DumpFolder.Manifest(runtime: nil, tensors: entries))),
      "manifest.json")
    report = try own.compare(folder)
    #expect(report.first == nil)
    #expect(report.tensors[place - 1].layout == "channelsFirst")
  }

  /// One damaged tensor of each kind: the later ones as the damaged one makes them.
  static let damages: [(name: String, pattern: TensorDifference.Pattern)] = [
    ("one step", .rounding), ("zero point", .shift), ("clamp", .saturation), ("bit", .bitFlip),
    ("mirrored", .permutation), ("noise", .garbage),
  ]

  static func damaged(_ codes: [Int8], _ name: String, shape: [Int]) -> [Int8] {
    switch name {
    case "one step": codes.enumerated().map { $0 % 5 == 0 ? ($1 < 127 ? $1 + 1 : $1 - 1) : $1 }
    case "zero point": codes.map { $0 > 120 ? $0 : $0 + 3 }
    case "clamp":
      codes.map { min($0, (codes.max() ?? 0) / 2) }
    case "bit": codes.enumerated().map { $0 == codes.count / 3 ? $1 ^ 0x20 : $1 }
    case "mirrored":
      Array(codes.prefix(codes.count / 2).reversed() + codes.suffix(codes.count / 2).reversed())
    default: codes.enumerated().map { Int8(truncatingIfNeeded: $0 * $0 * 7 ^ Int($1) * 31) }
    }
  }

  @Test("One damaged tensor is the first, told by its kind, and the later ones follow")
  func findsDamage() throws {
    let own = try Own()
    let last = own.codes.count - 1
    for place in [1, last / 2] {
      for (name, pattern) in Self.damages {
        var codes = own.codes
        codes[place] = Self.damaged(codes[place], name, shape: own.views[place].shape)
        guard codes[place] != own.codes[place] else { continue }
        // The later operators run on what was damaged.
        let runner = try own.model.makeRunner()
        var later = codes.indices.map { $0 <= place ? codes[$0] : [] }
        for sample in 0..<own.inputs.sampleCount {
          for next in place + 1...last {
            let source = own.source(of: next)
            let view = own.views[source]
            let count = view.elementCount
            runner.withMutableElements(of: view) { target in
              for index in 0..<count { target[index] = later[source][sample * count + index] }
            }
            runner.runOperator(next - 1)
            later[next] += runner.elements(of: own.views[next])
          }
        }
        let folder = Folder()
        try own.write(later, to: folder)
        let report = try own.compare(folder)
        let layer = own.name(place)
        #expect(report.first == layer, "\(name) at \(layer): \(report.summary)")
        let first = try #require(report.tensors.first { $0.difference != nil })
        #expect(
          first.origin == .new && first.difference?.pattern == pattern,
          "\(name) at \(layer): \(first.difference?.text ?? "")")
        let element = zip(codes[place], own.codes[place]).enumerated().first { $1.0 != $1.1 }?
          .offset
        let count = own.views[place].elementCount
        #expect(first.difference?.sample == element! / count)
        #expect(first.difference?.firstElement == element! % count, "\(name)")
        for tensor in report.tensors.dropFirst(place) where tensor.difference != nil {
          #expect(tensor.origin == .follows, "\(name): \(tensor.name) follows from \(layer)")
        }
      }
    }
  }

  @Test("Codes of int16 are compared like those of int8")
  func comparesInt16() throws {
    let own = try Own(isInt16: true)
    let isWide = own.views.allSatisfy { $0.isInt16 }
    #expect(isWide)
    let folder = Folder()
    try own.write(own.codes, to: folder)
    let report = try own.compare(folder)
    #expect(report.first == nil && report.tensors.count == own.codes.count - 1)
    // A zero point that is off, in 16 bits: low bytes first.
    let last = own.codes.count - 1
    var codes = own.codes
    for start in stride(from: 0, to: codes[last].count, by: 2) {
      let (low, high) = (Int32(UInt8(bitPattern: codes[last][start])), codes[last][start + 1])
      let code = min(32_767, low + Int32(high) * 256 + 300)
      codes[last][start] = Int8(truncatingIfNeeded: code)
      codes[last][start + 1] = Int8(truncatingIfNeeded: code >> 8)
    }
    try own.write(codes, to: folder)
    let other = try own.compare(folder)
    let found = try #require(other.tensors.last?.difference)
    #expect(other.first == own.name(last) && found.pattern == .shift, "\(found.text)")
    // Real numbers are float32, which has 24 bits for a code of 16.
    #expect(abs((found.maxSteps ?? 0) - 300) < 0.01, "\(found.maxSteps ?? 0)")
    #expect(other.tensors.last?.origin == .new, "\(found.text)")
  }

  @Test("A second damage after a first brings a new difference")
  func findsSecond() throws {
    let own = try Own()
    var codes = own.codes
    let last = codes.count - 1
    codes[1][5] ^= 1
    codes[last] = codes[last].map { $0 > 100 ? $0 : $0 + 9 }
    let folder = Folder()
    try own.write(codes, to: folder)
    let report = try own.compare(folder)
    #expect(report.first == own.name(1))
    #expect(report.tensors[last - 1].origin == .new, "\(report.summary)")
    #expect(report.summary.contains("new differences arise in"))
  }

  @Test("Files alone, without a manifest, are tensors by their names")
  func readsFilesAlone() throws {
    let own = try Own(sampleCount: 1)
    let folder = Folder()
    for place in [0, own.codes.count - 1] {
      let name = String(own.views[place].name.map { $0.isLetter || $0.isNumber ? $0 : "_" })
      try folder.write(own.codes[place].map { UInt8(bitPattern: $0) }, name + ".raw")
    }
    try folder.write("not a tensor", "README.txt")
    let report = try own.compare(folder)
    #expect(report.first == nil && report.tensors.count == 1 && report.inputs == "dump")
    #expect(report.missing.count == own.codes.count - 2)
  }

  /// What is wrong with a folder, and what is said.
  static let problems: [(name: String, word: String)] = [
    ("empty", "has no tensors"), ("no folder", "no such folder"), ("no JSON", "no JSON object"),
    ("no file", "cannot be read"), ("truncated", "it is cut off"), ("too long", "needs"),
    ("no key", "'file' is missing"), ("outside", "outside the folder"),
    ("type", "is no type that is read"), ("scale", "not above 0"),
    ("twice", "two tensors are called"),
    ("shape", "is not possible"), ("count", "values, and Octet's"), ("input", "a sample of"),
    ("npy", "cut off"), ("npy magic", "no .npy"), ("infinite input", "no numbers"),
  ]

  @Test("Each odd folder is refused with a sentence", arguments: problems.map(\.name))
  func refuses(name: String) throws {
    let own = try Own(sampleCount: 1)
    let folder = Folder()
    try own.write(own.codes, to: folder)
    var entries = own.codes.indices.map { own.entry($0) }
    switch name {
    case "empty":
      for place in own.codes.indices {
        try FileManager.default.removeItem(atPath: folder.path + "/\(place).raw")
      }
      try FileManager.default.removeItem(atPath: folder.path + "/manifest.json")
    case "no folder": try FileManager.default.removeItem(atPath: folder.path)
    case "no file": entries[2].file = "nothing.raw"
    case "truncated": try folder.write([1, 2, 3], "1.raw")
    case "too long": try folder.write([UInt8](repeating: 0, count: 1 << 16), "1.raw")
    case "outside": entries[1].file = "../other.raw"
    case "type": entries[1].type = "float7"
    case "scale": entries[1].scale = -1
    case "twice": entries[2].name = entries[1].name
    case "shape": entries[1].shape = [1 << 40, 1 << 40]
    case "count":
      entries[1].shape = [8]
      try folder.write([UInt8](repeating: 0, count: 8), "1.raw")
    case "input":
      entries[0].shape = [5]
      try folder.write([UInt8](repeating: 0, count: 5), "0.raw")
    case "npy", "npy magic":
      entries[1].file = "1.npy"
      let start: [UInt8] = name == "npy" ? [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 200, 0] : [1]
      try folder.write(start + [UInt8](repeating: 32, count: 20), "1.npy")
    case "infinite input":
      entries[0].type = "float32"
      let count = own.codes[0].count
      try folder.write([UInt8](repeating: 0xFF, count: 4 * count), "0.raw")
    default: break
    }
    if name == "no JSON" {
      try folder.write("{", "manifest.json")
    } else if name == "no key" {
      try folder.write(#"{"tensors":[{"name":"x"}]}"#, "manifest.json")
    } else if !["empty", "no folder"].contains(name) {
      let manifest = DumpFolder.Manifest(runtime: nil, tensors: entries)
      try folder.write(Array(try JSONEncoder().encode(manifest)), "manifest.json")
    }
    let word = try #require(Self.problems.first { $0.name == name }?.word)
    do {
      _ = try own.compare(folder)
      Issue.record("\(name): it was taken")
    } catch let error as AgainstError {
      #expect(error.description.contains(word), "\(name): \(error)")
    }
  }
}
