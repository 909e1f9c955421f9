import Foundation

/// `posix_spawn` with all that a child of ours needs: a group of its own, no signal blocked or
/// ignored, nothing open but its three standard streams.
struct Spawn {
  var executable: String
  var arguments: [String]
  var folder: String?
  /// Standard input; nil: empty.
  var input: Int32?
  /// Standard output and error; nil: nowhere.
  var output: Int32?
  /// Where it puts its own temporary files; nil: where this process does.
  var temporaryFolder: String?

  func start() throws(SystemError) -> pid_t {
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    unsafe posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGQUIT] {
      unsafe sigaddset(&signals, signal)
    }
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)

    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (target, source) in [(Int32(0), input), (1, output), (2, output)] {
      let failure =
        if let source {
          unsafe posix_spawn_file_actions_adddup2(&actions, source, target)
        } else {
          unsafe posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_RDWR, 0)
        }
      guard failure == 0 else { throw SystemError(code: failure) }
    }
    if let folder {
      #if os(Linux)
        guard let change = unsafe GNU.addChangeOfFolder else { throw SystemError(code: ENOSYS) }
        let failure = unsafe change(&actions, folder)
      #else
        let failure = unsafe posix_spawn_file_actions_addchdir_np(&actions, folder)
      #endif
      guard failure == 0 else { throw SystemError(code: failure) }
    }

    var words = unsafe ([executable] + arguments).map { unsafe strdup($0) }
    unsafe words.append(nil)
    defer { unsafe words.forEach { unsafe free($0) } }
    var variables = ProcessInfo.processInfo.environment
    if let temporaryFolder { variables["TMPDIR"] = temporaryFolder }
    var environment = unsafe variables.map { unsafe strdup("\($0)=\($1)") }
    unsafe environment.append(nil)
    defer { unsafe environment.forEach { unsafe free($0) } }
    var child: pid_t = 0
    let failure = unsafe posix_spawn(
      &child, executable, &actions, &attributes, words, environment)
    guard failure == 0 else { throw SystemError(code: failure) }
    return child
  }
}
