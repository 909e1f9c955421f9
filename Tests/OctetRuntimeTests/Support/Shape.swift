/// N, H, W, C.
struct Shape: Equatable, CustomStringConvertible {
  var n, h, w, c: Int

  init(_ n: Int, _ h: Int, _ w: Int, _ c: Int) {
    self.n = n
    self.h = h
    self.w = w
    self.c = c
  }

  init(_ dimensions: [Int]) {
    let padded = Array(repeating: 1, count: 4 - dimensions.count) + dimensions
    self.init(padded[0], padded[1], padded[2], padded[3])
  }

  var count: Int { n * h * w * c }
  var dimensions: [Int] { [n, h, w, c] }
  var description: String { "\(n)×\(h)×\(w)×\(c)" }

  /// The position of element (n, h, w, c) in row-major order.
  func index(_ n: Int, _ h: Int, _ w: Int, _ c: Int) -> Int {
    ((n * self.h + h) * self.w + w) * self.c + c
  }

  func index(_ at: [Int]) -> Int { index(at[0], at[1], at[2], at[3]) }

  /// Every index (n, h, w, c), in row-major order.
  var indices: [[Int]] {
    (0..<count).map { [$0 / (h * w * c), $0 / (w * c) % h, $0 / c % w, $0 % c] }
  }
}
