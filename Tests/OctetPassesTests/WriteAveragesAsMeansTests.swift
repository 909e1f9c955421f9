import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct WriteAveragesAsMeansTests {
  @Test func wholeImagesAlone() throws {
    for (height, isWhole) in [(4, true), (3, false)] {
      var builder = NetworkBuilder(seed: 13)
      try builder.averagePool(
        "pool", PoolAttributes(kernel: Extent(height: height, width: 5), stride: Extent(1)))
      try check(builder.finished(), [isWhole ? "mean" : "averagePool"]) {
        $0.writeAveragesAsMeans()
      }
    }
  }

  /// The clamp, and the padding that is not counted, are the pool's.
  @Test func someStay() throws {
    var pool = PoolAttributes(kernel: Extent(height: 4, width: 5), stride: Extent(1))
    pool.activation = .relu
    var builder = NetworkBuilder(seed: 14)
    try builder.averagePool("clamped", pool)
    try check(builder.finished(), ["averagePool"]) { $0.writeAveragesAsMeans() }
    pool.activation = .none
    pool.padding = Padding(1)
    builder = NetworkBuilder(seed: 15)
    try builder.averagePool("padded", pool)
    try check(builder.finished(), ["averagePool"]) { $0.writeAveragesAsMeans() }
  }
}
