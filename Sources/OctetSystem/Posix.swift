import Foundation

/// A failed system call.
package struct SystemError: Error, CustomStringConvertible {
  package var code: Int32

  package init(code: Int32) { self.code = code }

  package static var last: SystemError { SystemError(code: errno) }

  /// `Permission denied`.
  package var description: String { unsafe String(cString: strerror(code)) }

  package var isBrokenPipe: Bool { code == EPIPE }
  package var isMissing: Bool { code == ENOENT || code == ENOTDIR }
  /// The device or quota is full, or failed.
  package var isDeviceFailure: Bool {
    [ENOSPC, EDQUOT, EIO, EFBIG].contains(code)
  }
}

/// A file, whatever its names: hard links share it.
package struct FileIdentity: Hashable, Sendable {
  package var device: UInt64
  package var number: UInt64
}

/// The system calls that the tool makes, each retried when a signal interrupts it.
package enum Posix {
  package struct Status {
    package enum Kind { case file, folder, link, other }

    package var kind: Kind
    package var byteCount: Int
    package var permissions: mode_t
    package var owner: uid_t
    package var group: gid_t
    package var identity: FileIdentity
    /// When it was last written to, in seconds, by the clock of the machine that holds it.
    package var modified: Double
  }

  /// - Parameter path: of the thing itself, when it is a link, if `followsLinks` is false.
  package static func status(of path: String, followsLinks: Bool) throws(SystemError) -> Status {
    var raw = stat()
    let result = unsafe followsLinks ? stat(path, &raw) : lstat(path, &raw)
    guard result == 0 else { throw .last }
    return Status(raw)
  }

  package static func status(of descriptor: Int32) throws(SystemError) -> Status {
    var raw = stat()
    guard unsafe fstat(descriptor, &raw) == 0 else { throw .last }
    return Status(raw)
  }

  package static func open(_ path: String, _ flags: Int32) throws(SystemError) -> Int32 {
    try retrying { unsafe Foundation.open(path, flags | O_CLOEXEC, 0o666) }
  }

  package static func close(_ descriptor: Int32) throws(SystemError) {
    // Never retried: the descriptor is gone even when EINTR is reported (Linux).
    if Foundation.close(descriptor) != 0, errno != EINTR { throw .last }
  }

  package static func write(_ bytes: some Sequence<UInt8>, to descriptor: Int32) throws(SystemError)
  {
    let failure = bytes.withContiguousStorageIfAvailable { buffer -> SystemError? in
      unsafe writeAll(UnsafeRawBufferPointer(buffer), to: descriptor)
    }
    switch failure {
    case .some(.some(let error)): throw error
    case .some(.none): return
    case .none: try write(Array(bytes), to: descriptor)
    }
  }

  private static func writeAll(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32
  ) -> SystemError? {
    var rest = unsafe bytes[...]
    while unsafe !rest.isEmpty {
      let count = unsafe Foundation.write(descriptor, rest.baseAddressOfSlice, rest.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { return .last }
      unsafe rest = rest.dropFirst(count)
    }
    return nil
  }

  /// Up to `limit` bytes, to the end of the file; works on pipes too.
  package static func read(_ descriptor: Int32, limit: Int) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < limit {
      let wanted = min(1 << 20, limit - bytes.count)
      var failure: SystemError?
      let chunk = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
        var result = unsafe Foundation.read(descriptor, buffer.baseAddress, wanted)
        while result < 0, errno == EINTR {
          result = unsafe Foundation.read(descriptor, buffer.baseAddress, wanted)
        }
        if result < 0 { failure = .last }
        count = max(0, result)
      }
      if let failure { throw failure }
      if chunk.isEmpty { break }
      bytes += chunk
    }
    return bytes
  }

  /// The file's bytes in place; the mapping lives as long as the data.
  package static func map(_ descriptor: Int32, byteCount: Int) throws(SystemError) -> Data {
    let address = unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else { throw .last }
    return unsafe Data(
      bytesNoCopy: address, count: byteCount,
      deallocator: .custom { address, count in unsafe _ = munmap(address, count) })
  }

  package static func synchronize(_ descriptor: Int32) throws(SystemError) {
    do {
      _ = try retrying { fsync(descriptor) }
    } catch {
      // Some file systems have nothing to synchronize.
      guard error.code == EINVAL || error.code == ENOTSUP else { throw error }
    }
  }

  /// Makes the file one that was written to now, by the clock of the machine that holds it.
  package static func touch(_ descriptor: Int32) throws(SystemError) {
    _ = try retrying { futimens(descriptor, nil) }
  }

  package static func truncate(_ descriptor: Int32, to byteCount: Int) throws(SystemError) {
    _ = try retrying { ftruncate(descriptor, off_t(byteCount)) }
  }

  package static func setPermissions(_ mode: mode_t, of descriptor: Int32) throws(SystemError) {
    _ = try retrying { fchmod(descriptor, mode) }
  }

  /// Best effort: only root may give files away.
  package static func setOwner(_ owner: uid_t, _ group: gid_t, of descriptor: Int32) {
    _ = fchown(descriptor, owner, group)
  }

  package static func rename(_ old: String, to new: String) throws(SystemError) {
    _ = try retrying { unsafe Foundation.rename(old, new) }
  }

  /// Takes away what lies beyond so many bytes; best effort.
  package static func cut(_ descriptor: Int32, to byteCount: Int) {
    _ = ftruncate(descriptor, off_t(byteCount))
  }

  package static func remove(_ path: String) { unsafe _ = unlink(path) }

  package static func makeFolder(_ path: String) throws(SystemError) {
    _ = try retrying { unsafe mkdir(path, 0o777) }
  }

  package static func removeEmptyFolder(_ path: String) { unsafe _ = rmdir(path) }

  /// Puts two folders in each other's place at once.
  package static func exchange(_ a: String, _ b: String) throws(SystemError) {
    #if os(Linux)
      guard let renameat2 = unsafe GNU.renameat2 else { throw SystemError(code: ENOSYS) }
      _ = try retrying { unsafe renameat2(AT_FDCWD, a, AT_FDCWD, b, GNU.renameExchange) }
    #else
      _ = try retrying { unsafe renamex_np(a, b, UInt32(RENAME_SWAP)) }
    #endif
  }

  /// Whether this process now holds the file's lock; it goes with the descriptor.
  package static func tryLock(_ descriptor: Int32) -> Bool {
    flock(descriptor, LOCK_EX | LOCK_NB) == 0
  }

  /// The path without links, `.` and `..`; nil when there is nothing.
  package static func realPath(_ path: String) -> String? {
    guard let text = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(text) }
    return unsafe String(cString: text)
  }

  /// Names in a folder, hidden ones too, in no order; empty when it cannot be read.
  package static func names(in folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  }

  /// Both ends of a pipe that children do not inherit.
  package static func makePipe() throws(SystemError) -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    _ = try retrying { unsafe pipe(&ends) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  package static func isWritable(_ path: String) -> Bool { unsafe access(path, W_OK) == 0 }

  /// Where a symbolic link points, as written in it.
  package static func linkTarget(_ path: String) throws(SystemError) -> String {
    var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlink(path, &bytes, bytes.count)
    guard count >= 0 else { throw .last }
    return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// The files that this process may have open, after the limit was raised to what may be.
  package static func raisedDescriptorLimit() -> Int {
    var limit = rlimit()
    #if os(Linux)
      let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
      let resource = RLIMIT_NOFILE
    #endif
    guard unsafe getrlimit(resource, &limit) == 0 else { return .max }
    if limit.rlim_cur < min(limit.rlim_max, 256) {
      limit.rlim_cur = min(limit.rlim_max, 256)
      guard unsafe setrlimit(resource, &limit) == 0 else { return 0 }
    }
    return Int(clamping: limit.rlim_cur)
  }

  /// Columns of the terminal; nil when it does not say.
  package static func columnCount(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return nil
    }
    return Int(size.ws_col)
  }

  /// Leaves a signal alone that the parent had ignored. Unblocks it otherwise: processes started
  /// from a Dispatch thread (as by Foundation's `Process`) inherit that thread's blocked signals.
  package static func handle(_ signal: Int32, by handler: @escaping @convention(c) (Int32) -> Void)
  {
    var action = sigaction()
    unsafe sigaction(signal, nil, &action)
    if action.isIgnoring { return }
    _ = Foundation.signal(signal, handler)
    var mask = sigset_t()
    unsafe sigemptyset(&mask)
    unsafe sigaddset(&mask, signal)
    unsafe pthread_sigmask(SIG_UNBLOCK, &mask, nil)
  }

  package static func ignore(_ signal: Int32) { _ = Foundation.signal(signal, SIG_IGN) }

  static func retrying(_ call: () -> Int32) throws(SystemError) -> Int32 {
    while true {
      let result = call()
      if result >= 0 { return result }
      if errno != EINTR { throw .last }
    }
  }
}

extension Posix.Status {
  fileprivate init(_ raw: stat) {
    kind =
      switch raw.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFLNK: .link
      default: .other
      }
    byteCount = Int(raw.st_size)
    permissions = raw.st_mode & 0o7777
    owner = raw.st_uid
    group = raw.st_gid
    identity = FileIdentity(device: UInt64(raw.st_dev), number: UInt64(raw.st_ino))
    #if canImport(Darwin)
      let time = raw.st_mtimespec
    #else
      let time = raw.st_mtim
    #endif
    modified = Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

extension Slice<UnsafeRawBufferPointer> {
  fileprivate var baseAddressOfSlice: UnsafeRawPointer? {
    unsafe UnsafeRawBufferPointer(rebasing: self).baseAddress
  }
}

extension sigaction {
  fileprivate var isIgnoring: Bool {
    #if canImport(Darwin)
      let handler = unsafe __sigaction_u.__sa_handler
    #else
      let handler = unsafe __sigaction_handler.sa_handler
    #endif
    return unsafe unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
