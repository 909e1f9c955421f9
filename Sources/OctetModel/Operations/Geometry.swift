/// Rows and columns added around an image, in elements.
public struct Padding: Sendable, Equatable, Hashable {
  public var top, left, bottom, right: Int

  public init(top: Int, left: Int, bottom: Int, right: Int) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  public init(_ all: Int = 0) { self.init(top: all, left: all, bottom: all, right: all) }
}

/// A value for each spatial axis.
public struct Extent: Sendable, Equatable, Hashable {
  public var height, width: Int

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  public init(_ both: Int) { self.init(height: both, width: both) }
}
