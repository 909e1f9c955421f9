import OctetReport

extension HTMLReport {
  /// Above this, matrices show only the classes that changed most.
  private static let classLimit = 16

  /// Which classes got better or worse.
  var classes: Section {
    let shown = shownClasses
    let classNames = shown.map(className)
    let names = names
    func map(_ title: String, _ kind: HeatMap.Kind, _ values: [Int]) -> Figure {
      let map = HeatMap(
        title: title, kind: kind, names: classNames, values: submatrix(values, shown))
      return Figure(drawing: map.drawing, caption: "", table: map.table)
    }
    var difference = map(
      "Difference of the confusion matrices, \(names.candidate) less \(names.reference)",
      .change, report.confusionDifference)
    difference.caption = """
      <strong>\(names.candidate) less \(names.reference).</strong> \
      <span class="key better"></span> better: more right, or fewer of this mistake. \
      <span class="key worse"></span> worse: fewer right, or more of this mistake.
      """
    var matrices = [
      map("Confusion matrix of the \(names.reference) model", .counts, report.floatConfusion),
      map("Confusion matrix of the \(names.candidate) model", .counts, report.int8Confusion),
    ]
    for (index, name) in [names.reference, names.candidate].enumerated() {
      matrices[index].caption = "<strong>\(name).</strong> Right answers on the diagonal."
    }
    let leftOut = report.classCount - shown.count
    let note: Markup =
      leftOut > 0
      ? """
      <p class="note">The pictures show the \(shown.count) classes that changed most; \
      \(leftOut) more are left out.</p>
      """ : ""
    let content: Markup = """
      <h2>Classes</h2>
      \(note)<div class="grid"><div>\(difference.markup)</div>
      <div>\(confusions)\(recalls.markup)</div></div>
      <details><summary>Both confusion matrices</summary>
      <div class="grid">\(matrices.map { "<div>\($0.markup)</div>" as Markup })</div></details>

      """
    return Section(id: "classes", name: "Classes", content: content)
  }

  private var size: Int {
    let count = report.classCount
    let matrices = [report.floatConfusion, report.int8Confusion, report.confusionDifference]
    return matrices.allSatisfy { $0.count == count * count } ? count : 0
  }

  private var shownClasses: [Int] {
    let count = size
    guard count > Self.classLimit else { return Array(0..<count) }
    var changes = [Int](repeating: 0, count: count)
    for (position, value) in report.confusionDifference.enumerated() {
      changes[position / count] += abs(value)
      changes[position % count] += abs(value)
    }
    let order = changes.indices.sorted { (changes[$1], $0) < (changes[$0], $1) }
    return order.prefix(Self.classLimit).sorted()
  }

  private func submatrix(_ values: [Int], _ shown: [Int]) -> [Int] {
    let count = size
    return shown.flatMap { row in shown.map { values[row * count + $0] } }
  }

  /// The confusions that became more frequent.
  private var confusions: Markup {
    let count = size
    let worse = report.confusionDifference.indices.filter {
      count > 0 && $0 / count != $0 % count && report.confusionDifference[$0] > 0
    }.sorted {
      (report.confusionDifference[$1], $0) < (report.confusionDifference[$0], $1)
    }
    guard !worse.isEmpty else { return "<p>No confusion became more frequent.</p>" }
    let names = names
    var table = Table(
      "Mistakes that became more frequent",
      [
        .text("label → taken for"), .number(names.reference), .number(names.candidate),
        .number("change"),
      ])
    table.showsCaption = true
    for position in worse.prefix(6) {
      table.add([
        .init("\(className(position / count)) → \(className(position % count))"),
        .init(Figures.count(report.floatConfusion[position])),
        .init(Figures.count(report.int8Confusion[position])),
        .init(Figures.change(report.confusionDifference[position])),
      ])
    }
    return table.markup
  }

  /// The share of each class that is recognized.
  private var recalls: Table {
    let count = size
    let names = names
    var table = Table(
      "Share of each class that is recognized",
      [
        .text("class"), .number("change, pt"), .number(names.reference), .number(names.candidate),
        .number("images"),
      ])
    table.showsCaption = true
    for label in 0..<count {
      let total = report.floatConfusion[label * count..<(label + 1) * count].reduce(0, +)
      guard total > 0 else { continue }
      let diagonal = label * count + label
      let float = Double(report.floatConfusion[diagonal]) / Double(total)
      let int8 = Double(report.int8Confusion[diagonal]) / Double(total)
      table.add([
        .init(className(label)), .init(Figures.points(int8 - float)),
        .init(Figures.percent(float)), .init(Figures.percent(int8)), .init(Figures.count(total)),
      ])
    }
    return table
  }
}
