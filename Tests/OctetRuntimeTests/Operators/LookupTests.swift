import OctetRuntime
import Testing

struct LookupTests {
  @Test(arguments: [false, true], 0..<5)
  func looksUpEveryValue(byChannel: Bool, seed: Int) throws {
    var random = RandomSource(seed: seed)
    let shape = Shape(1, 2, 128, 3)
    let tableCount = byChannel ? 3 : 1
    let tables = (0..<tableCount).map { _ in random.bytes(256) }
    let input = (0..<shape.count).map { Int8(truncatingIfNeeded: $0 / 3) }
    let operation = TestOperator(
      kind: .lookup, inputs: [TestTensor(shape: shape)], outputs: [TestTensor(shape: shape)],
      words: [
        Lookup.Word.tableCount: .word(tableCount), .tables: .bytes(Array(tables.joined())),
      ])
    try expectSame(
      operation, inputs: [input], oracle: [Oracle.lookup(shape, tables: tables, input)],
      "seed \(seed)")
  }
}
