import OctetData
import OctetReport

extension HTMLReport {
  /// Layers that are shown of one image.
  private static let mapLimit = 6

  /// What the layers make of the worst samples, in both models.
  var insides: Section? {
    let shown = report.insides.filter { !$0.layers.isEmpty }.prefix(DiffReport.Inside.countLimit)
    guard !shown.isEmpty else { return nil }
    let names = names
    let which =
      report.flips.isEmpty ? "the samples with the largest errors" : "the most surprising images"
    let content: Markup = """
      <h2>Inside</h2>
      <p>What the layers make of \(which), each in the channel in which the models differ most: \
      \(names.reference), \(names.candidate), and the difference.</p>
      \(shown.map(inside))
      <p class="note">Dark is the lowest, yellow the highest value of both models. Differences: \
      blue where \(names.candidate) is lower, orange where it is higher, white where it is the \
      same; each with the largest at full colour.</p>

      """
    return Section(id: "inside", name: "Inside", content: content)
  }

  private func inside(_ inside: DiffReport.Inside) -> Markup {
    let flip = report.flips.first { $0.index == inside.index }
    let answer = flip.map { flip -> Markup in
      """
      <small>\(className(flip.label)): \(className(flip.floatPrediction)) → \
      \(className(flip.int8Prediction))</small>
      """
    }
    let cards = shownLayers(inside).map { activation -> Markup in
      let layer = report.layers.first { $0.name == activation.layer }
      let values = activation.values
      let range = "\(Figures.short(Double(values.lower))) … \(Figures.short(Double(values.upper)))"
      return """
        <li><h4 class="name">\(activation.layer.shortened(to: 40))</h4>
        <p class="note">\(layer.map { $0.badge } ?? "") channel \(activation.channel), \(range), \
        off by \(Figures.short(Double(values.largestDifference)))</p>
        <div class="triple">\(maps(values, width: activation.width, height: activation.height))\
        </div></li>

        """
    }
    return """
      <h3>Sample \(Figures.count(inside.index)) \(answer ?? "")</h3>
      <ul class="maps">\(cards)</ul>

      """
  }

  /// The layers at fault and those with the largest errors of their own, in their order.
  private func shownLayers(_ inside: DiffReport.Inside) -> [DiffReport.Activation] {
    let all = inside.layers
    let faulty = Set(
      [report.verdict.layer].compactMap(\.self) + report.verdict.others.map(\.layer))
    func rank(_ activation: DiffReport.Activation) -> Double {
      guard let layer = report.layers.first(where: { $0.name == activation.layer }) else {
        return 1e9
      }
      let decibels = layer.local?.sqnrDecibels ?? layer.judgedDecibels
      return (decibels.isNaN ? 0 : min(max(decibels, -1e3), 1e3))
        - (layer.name == report.verdict.layer ? 1e6 : faulty.contains(layer.name) ? 1e5 : 0)
    }
    let order = all.indices.sorted { (rank(all[$0]), $0) < (rank(all[$1]), $1) }
    return order.prefix(Self.mapLimit).sorted().map { all[$0] }
  }

  private func maps(_ values: DiffReport.PairedValues, width: Int, height: Int) -> Markup {
    guard width > 0, values.float.count == width * height, values.int8.count == values.float.count,
      values.difference.count == values.float.count
    else { return "" }
    func map(_ name: String, _ shares: [Double], _ isDifference: Bool) -> Markup {
      """
      <div>\(ValueMap.element(shares, width: width, isDifference: isDifference, label: name))\
      <small>\(name)</small></div>
      """
    }
    return map(names.reference, values.float.map(ValueMap.share), false)
      + map(names.candidate, values.int8.map(ValueMap.share), false)
      + map("difference", values.difference.map(ValueMap.differenceShare), true)
  }

  // MARK: Filters

  /// The filters of a layer before and after, as strips of pictures.
  func filterPictures(_ filters: DiffReport.Filters) -> Markup {
    let size = filters.height * filters.width * filters.channelCount
    let bytes = [filters.values.float, filters.values.int8, filters.values.difference]
    guard filters.height > 0, filters.width > 0, [1, 3].contains(filters.channelCount),
      filters.count > 0, filters.count <= 64, bytes.allSatisfy({ $0.count == filters.count * size })
    else { return "" }
    let rows: [(name: String, values: [UInt8])] = [
      (names.reference, [UInt8](bytes[0])), (names.candidate, [UInt8](bytes[1])),
      ("difference", bytes[2].map { $0 &+ 128 }),
    ]
    let strips = rows.map { name, values -> Markup in
      """
      <div class="strip"><small>\(name)</small>\(strip(filters, values, label: "Filters, \(name)"))\
      </div>

      """
    }
    let more = filters.totalCount - filters.count
    let colors: Markup =
      filters.channelCount == 3 ? "; the first three input channels as red, green and blue" : ""
    return """
      <div class="filters"><p class="caption">Filters before and after</p>\(strips)
      <p class="note">\(filters.height)×\(filters.width), from \
      \(Figures.short(Double(filters.values.lower))) (dark) to \
      \(Figures.short(Double(filters.values.upper)))\(colors). Differences up to \
      \(Figures.short(Double(filters.values.largestDifference))) are stretched to full contrast.\
      \(more > 0 ? " \(Figures.count(more, "more filter")) not shown." : "")</p></div>

      """
  }

  /// Filters side by side with a grey pixel between.
  private func strip(
    _ filters: DiffReport.Filters, _ values: [UInt8], label: String
  ) -> Markup {
    let size = filters.height * filters.width * filters.channelCount
    let tiles = (0..<filters.count).map { filter in
      Image(
        height: filters.height, width: filters.width, channelCount: filters.channelCount,
        pixels: Array(values[filter * size..<(filter + 1) * size]))
    }
    return ValueMap.element(Image(tiles: tiles, columns: filters.count), label: label)
  }
}
