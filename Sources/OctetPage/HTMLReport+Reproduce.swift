import OctetReport

extension HTMLReport {
  /// How to get the same figures again.
  var reproduce: Section {
    let facts = report.reproduce
    var table = Table("What took part", [.text("part"), .text("version or CRC-32")])
    for (name, checksum) in facts.checksums.sorted(by: { $0.key < $1.key }).prefix(100) {
      table.add([.init(name.shortened()), .init("<code>\(checksum.shortened())</code>" as Markup)])
    }
    for (name, version) in facts.versions.sorted(by: { $0.key < $1.key }).prefix(100) {
      table.add([.init(name.shortened()), .init(version.shortened())])
    }
    let seed = facts.seed.map { "\($0)" } ?? "none: nothing is drawn by chance"
    table.add([.init("seed"), .init(seed)])
    let content: Markup = """
      <h2>Reproduce</h2>
      <div class="scroll" role="region" tabindex="0" aria-label="Command">\
      <pre><code>\(facts.command.shortened(to: 4000))</code></pre></div>
      \(table.markup)
      """
    return Section(id: "reproduce", name: "Reproduce", content: content)
  }
}
