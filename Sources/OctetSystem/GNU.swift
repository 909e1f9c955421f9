#if os(Linux)
  import Foundation

  /// Functions of the C library that its headers show only to GNU sources; nil where it has none.
  ///
  /// Safety: the types are those of the manual pages.
  enum GNU {
    typealias Rename =
      @convention(c) (
        Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32
      ) -> Int32
    typealias AddChangeOfFolder =
      @convention(c) (
        UnsafeMutablePointer<posix_spawn_file_actions_t>, UnsafePointer<CChar>
      ) -> Int32

    /// `RENAME_EXCHANGE` of linux/fs.h.
    static let renameExchange: UInt32 = 2
    static let renameat2 = unsafe symbol("renameat2").map {
      unsafe unsafeBitCast($0, to: Rename.self)
    }
    static let addChangeOfFolder = unsafe symbol("posix_spawn_file_actions_addchdir_np")
      .map { unsafe unsafeBitCast($0, to: AddChangeOfFolder.self) }

    private static func symbol(_ name: String) -> UnsafeMutableRawPointer? {
      unsafe dlsym(nil, name)
    }
  }
#endif
