import Foundation
import OctetPage
import OctetReport
import Testing

/// What is found beyond the layers' own errors: bisection, causes, other runtimes, boards.
@Suite struct PeerPageTests {
  private static let codes: [Int8] = (0..<96).map { (index: Int) -> Int8 in
    Int8(truncatingIfNeeded: index * 37 + 5)
  }

  /// A tensor that is off by a step, and one that is garbage.
  private static func difference(_ isGarbage: Bool) throws -> TensorDifference {
    var other = codes
    for index in stride(from: 7, to: 96, by: isGarbage ? 2 : 9) {
      other[index] = isGarbage ? Int8(truncatingIfNeeded: index * index) : codes[index] &+ 1
    }
    return try #require(
      TensorComparison(
        shape: [1, 4, 4, 6], expected: codes, actual: other, scale: 0.5, zeroPoint: 3
      ).difference())
  }

  private static func against(_ names: [String]) throws -> AgainstReport {
    let tensors = try names.enumerated().map { index, name in
      AgainstReport.Tensor(
        name: name, otherName: name + "/there", shape: [1, 4, 4, 6], isOutput: false,
        matchedBy: "name", layout: "same", note: index == 1 ? "scale 2, where Octet has 1" : nil,
        origin: index == 1 ? .new : index == 2 ? .follows : .same,
        difference: index == 0 ? nil : try difference(index == 1), localDifference: nil)
    }
    return AgainstReport(
      model: "m.oct", against: "Tools/dump " + HTMLCase.evil, runtime: "Other <1>",
      inputs: "data", sampleCount: 3, tensors: tensors, unmatched: [HTMLCase.evil], missing: ["z"])
  }

  private static func board(_ layer: String) throws -> DiffReport.BoardComparison {
    var finding = BoardFinding(
      .memoryOverwritten, summary: "'\(layer)' reads other values than were made for it",
      reasons: ["the stack grows into the arena's end", HTMLCase.evil])
    (finding.layer, finding.operatorIndex, finding.tensor) = (layer, 2, HTMLCase.evil)
    (finding.arenaRange, finding.isRepeatable, finding.inputsMatch) = ([96, 191], true, false)
    finding.difference = try difference(true)
    return .init(
      board: "cortex-m4", sampleCount: 2, outputsMatchHost: false, selfTestPassed: true,
      differingSampleIndex: 1, differingLayer: layer, detail: finding.text, finding: finding)
  }

  private static func blame(_ layer: String) throws -> DiffReport.Verdict.Blame {
    let values = [
      "layer": layer, "kind": "weightsWrong", "cause": "channelsPermuted",
      "detail": "row 3 matches float row 5", "remedy": HTMLCase.evil,
    ]
    return try JSONDecoder().decode(
      DiffReport.Verdict.Blame.self, from: JSONEncoder().encode(values))
  }

  private static func report() throws -> DiffReport {
    var report = try HTMLCase.damaged.report()
    let names = report.layers.map(\.name)
    report.bisection = .init(
      measure: .accuracy, layers: [names[2]], fixedLayers: [HTMLCase.evil], evaluations: 5,
      sampleCount: 100, reference: 0.9, candidate: 0.5, onlyThese: 0.52, allButThese: 0.88)
    report.against = try against(Array(names.prefix(4)))
    report.board = try board(names[3])
    report.verdict.others = [try blame(names[1])]
    return report
  }

  private static func section(_ id: String, _ document: HTMLDocument) throws -> String {
    let all = document.root.all("section")
    let found = try #require(all.first { $0.attributes["id"] == id }, "\(id)")
    return found.allText.replacing("\u{a0}", with: " ")
  }

  @Test("Each has its section, and names are shown as they are")
  func sections() throws {
    let document = try HTMLDocument(HTMLReport(try Self.report()).text())
    let order = document.root.all("section").map { $0.attributes["id"] ?? "" }
    let places = ["network", "layers", "bisection", "against", "board", "images"].map {
      order.firstIndex(of: $0) ?? -1
    }
    #expect(places == places.sorted() && places.first ?? -1 > 0, "\(order)")
    let bisection = try Self.section("bisection", document)
    for text in ["The smallest set", "52.00 %", "88.00 %", "Not exchangeable"] {
      #expect(bisection.contains(text), "\(text)")
    }
    let against = try Self.section("against", document)
    for text in ["Beside Other <1>", "✕ here", "before", "✓ same", "garbage", "Only in Octet:"] {
      #expect(against.contains(text), "\(text)")
    }
    let board = try Self.section("board", document)
    for text in ["memory written over", "96 … 191", "the same wrong bytes", "the stack grows"] {
      #expect(board.contains(text, caseInsensitive: true), "\(text)")
    }
    #expect(try Self.section("verdict", document).contains("channels exchanged"))
    // Whatever names hold, the only script is the page's own.
    #expect(document.root.all("script").map(\.allText) == [Script.source])
  }

  @Test("The network's boxes bear a sign for each, and none of them is folded")
  func marks() throws {
    let report = try Self.report()
    let document = try HTMLDocument(HTMLReport(report).text())
    let boxes = document.root.all("a").filter {
      $0.attributes["class"]?.contains("marked") == true
    }
    let texts = boxes.map(\.allText)
    #expect(texts.contains { $0.contains("◆") && $0.contains("in the smallest set") })
    #expect(texts.contains { $0.contains("≠") && $0.contains("first to differ on the board") })
    #expect(texts.contains { $0.contains("differs there from the other runtime") })
    #expect(boxes.count == 3)
  }

  @Test("One model beside other runtimes and boards has a page")
  func peerPage() throws {
    let page = PeerPage(
      model: HTMLCase.evil, against: try Self.against(["a", "b", "c"]), board: try Self.board("b"),
      version: "1")
    let document = try HTMLDocument(page.text())
    #expect(
      document.root.all("section").map { $0.attributes["id"] } == ["verdict", "against", "board"])
    #expect(try Self.section("verdict", document).contains("✕ Other values"))
    #expect(document.root.all("script").map(\.allText) == [Script.source])
    var rounding = try Self.against(["a", "b"])
    rounding.tensors[1].difference = try Self.difference(false)
    #expect(rounding.tensors[1].difference?.pattern == .rounding)
    let mild = try HTMLDocument(
      PeerPage(model: "m", against: rounding, board: nil, version: "1").text())
    #expect(try Self.section("verdict", mild).contains("! Rounded otherwise"))
  }
}

extension String {
  fileprivate func contains(_ text: String, caseInsensitive: Bool) -> Bool {
    range(of: text, options: caseInsensitive ? .caseInsensitive : []) != nil
  }
}
