/// Rows and columns added around an image, in elements.
public struct Padding: Sendable, Equatable, Hashable {
  /// Rows above and below, columns to the left and right; negative ones are cropped.
  public var top, left, bottom, right: Int

  /// Another number on each side.
  public init(top: Int, left: Int, bottom: Int, right: Int) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  /// The same number on each side.
  public init(_ all: Int = 0) { self.init(top: all, left: all, bottom: all, right: all) }
}

/// A value for each spatial axis.
public struct Extent: Sendable, Equatable, Hashable {
  /// Along the rows' axis and along the columns'.
  public var height, width: Int

  /// A value for each axis.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// The same value for both.
  public init(_ both: Int) { self.init(height: both, width: both) }
}
