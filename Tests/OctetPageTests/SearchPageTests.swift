import OctetPage
import OctetReport
import Testing

@Suite struct SearchPageTests {
  /// Twenty trials of which some diverged, over a number, a choice and one with a wild name.
  private static func report(trialCount: Int = 20) -> SearchReport {
    var report = SearchReport(
      data: "<b>data</b>", method: "tpe", seed: .max, epochCount: 9, halvingFactor: 3,
      rungs: [1, 3], trialCount: 24)
    report.dimensions = [
      .init(
        name: "learning-rate", range: "log(1e-4,1)", lower: 1e-4, upper: 1, isLogarithmic: true),
      .init(name: "optimizer", range: "adam | sgd", choices: ["adam", "sgd"]),
      .init(name: "</svg><script>", range: "uniform(0,1)", lower: 0, upper: 1),
    ]
    for number in 1...trialCount {
      var trial = SearchReport.Trial(number: number)
      trial.end = number % 7 == 0 ? "diverged" : number % 3 == 0 ? "halved" : "done"
      trial.reason = number % 7 == 0 ? "no longer finite" : nil
      trial.rank = number
      trial.values = [
        .init(name: "learning-rate", value: "\(0.9 / Double(number))"),
        .init(name: "optimizer", value: number % 2 == 0 ? "adam" : "sgd"),
      ]
      if number != 5 { trial.values.append(.init(name: "</svg><script>", value: "0.5")) }
      trial.accuracies = number == 7 ? [] : (0..<number % 4 + 1).map { 0.9 - 0.01 * Double($0) }
      trial.accuracy = trial.accuracies.max()
      report.trials.append(trial)
    }
    report.best = 1
    report.command = "octet train --data 'a & b' --learning-rate 0.9"
    report.notes = ["one <i> of them"]
    report.addImportance()
    return report
  }

  @Test func thePageIsWhole() throws {
    let text = SearchPage(Self.report()).text
    let all = try HTMLDocument(text).root.descendants
    #expect(!all.contains { ["script", "link", "i", "b"].contains($0.name) })
    let figures = all.filter { $0.name == "figure" }
    // Side by side, one for each hyper-parameter, and the curves.
    #expect(figures.count == 5)
    for figure in figures {
      #expect(figure.has("svg") && figure.has("table") && figure.has("figcaption"))
    }
    #expect(all.first { $0.name == "pre" }?.allText.contains("'a & b'") == true)
    // A line in the drawing side by side for each trial with an accuracy, and its rows.
    let lines = try #require(figures.first).all("path").count {
      $0.attributes["class"]?.hasPrefix("stroke") == true
    }
    #expect(lines == 19)
    let rows = try #require(all.last { $0.name == "table" }).all("tr").count
    #expect(rows == 21)
    let allowed = Set("0123456789.-% CMLVHZ")
    for element in all {
      for name in ["x", "y", "cx", "cy", "r", "d", "width", "height"] {
        #expect(allowed.isSuperset(of: element.attributes[name] ?? ""))
      }
    }
    let levels = all.compactMap { $0.name.first == "h" ? Int($0.name.dropFirst()) : nil }
    for (above, below) in zip(levels, levels.dropFirst()) { #expect(below <= above + 1) }
  }

  @Test func thereMayBeNothingToShow() throws {
    var report = Self.report(trialCount: 1)
    report.trials = []
    report.best = nil
    report.command = nil
    #expect(try HTMLDocument(SearchPage(report).text).root.allText.contains("No trial was trained"))
    report.trials = [SearchReport.Trial(number: 1)]
    report.trials[0].rank = 1
    report.trials[0].end = "refused"
    _ = try HTMLDocument(SearchPage(report).text)
  }

  /// What decides explains much, what does nothing explains nothing.
  @Test func importanceFindsWhatDecides() throws {
    var report = Self.report()
    for index in report.trials.indices {
      let place = Double(index) / 20
      report.trials[index].values = [
        .init(name: "learning-rate", value: "\(place + 0.01)"),
        .init(name: "optimizer", value: (index / 2) % 2 == 0 ? "adam" : "sgd"),
      ]
    }
    report.addImportance()
    let shares = report.dimensions.map { $0.importance ?? -1 }
    #expect(shares[0] > 0.8 && shares[1] < 0.1 && shares[2] == 0)
    // By hand: groups 1, 2 and 3, 6 have η² = 9 / 14.
    let share = SearchReport.explainedShare([1, 2, 3, 6], groups: [0, 0, 1, 1])
    #expect(abs(share - (1 - (1 - 9.0 / 14) * 3 / 2)) < 1e-12)
    #expect(SearchReport.explainedShare([1, 2], groups: [0, 1]) == 0)
    var few = Self.report(trialCount: 5)
    few.addImportance()
    #expect(few.dimensions[0].importance == nil)
  }
}
