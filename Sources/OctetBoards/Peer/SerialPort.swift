import Foundation
import OctetSystem

/// A serial line, such as `/dev/ttyACM0`, as a link to a board.
package final class SerialPort: DiffLink {
  package let name: String
  package let isBatch = false
  private let descriptor: Int32

  /// The rates that `--baud` takes.
  package static let rates: [Int: speed_t] = [
    1200: speed_t(B1200), 2400: speed_t(B2400), 4800: speed_t(B4800), 9600: speed_t(B9600),
    19_200: speed_t(B19200), 38_400: speed_t(B38400), 57_600: speed_t(B57600),
    115_200: speed_t(B115200), 230_400: speed_t(B230400), 460_800: speed_t(B460800),
    500_000: speed_t(B500000), 921_600: speed_t(B921600), 1_000_000: speed_t(B1000000),
    1_500_000: speed_t(B1500000), 2_000_000: speed_t(B2000000), 3_000_000: speed_t(B3000000),
    4_000_000: speed_t(B4000000),
  ]

  /// Eight bits, no parity, one stop bit, no flow control.
  ///
  /// - Throws: `portMissing`, or `line` for what is no serial line or has not the rate.
  package init(_ path: String, baud: Int) throws(BoardError) {
    guard let rate = Self.rates[baud] else {
      throw .line(name: path, problem: "\(baud) baud is no rate that this machine has")
    }
    name = path
    descriptor = unsafe open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw .portMissing(path: path, problem: SystemError.last.description)
    }
    var settings = termios()
    guard unsafe tcgetattr(descriptor, &settings) == 0 else {
      close(descriptor)
      throw .line(name: path, problem: "it is no serial line")
    }
    unsafe cfmakeraw(&settings)
    settings.c_cflag |= tcflag_t(CLOCAL | CREAD)
    settings.c_cflag &= ~tcflag_t(CSTOPB | PARENB) & ~tcflag_t(CRTSCTS)
    let isSet =
      unsafe cfsetispeed(&settings, rate) == 0 && cfsetospeed(&settings, rate) == 0
      && tcsetattr(descriptor, TCSANOW, &settings) == 0
    guard isSet else {
      close(descriptor)
      throw .line(name: path, problem: "it does not take \(baud) baud")
    }
    // What a board printed before has nothing to do with this.
    tcflush(descriptor, TCIOFLUSH)
  }

  deinit { close(descriptor) }

  package func send(_ bytes: [UInt8]) throws(BoardError) {
    var start = 0
    while start < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe write(descriptor, $0.baseAddress! + start, bytes.count - start)
      }
      if count > 0 {
        start += count
      } else if count < 0, errno != EAGAIN, errno != EINTR {
        throw .line(name: name, problem: "it cannot be written: \(SystemError.last)")
      } else if try !waits(for: POLLOUT, seconds: 10) {
        throw .line(name: name, problem: "it takes no bytes for 10 s; is the board connected?")
      }
    }
  }

  package func receive(within seconds: Double) throws(BoardError) -> [UInt8] {
    guard try waits(for: POLLIN, seconds: seconds) else { return [] }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe read(descriptor, $0.baseAddress!, $0.count)
    }
    if count < 0, errno == EAGAIN || errno == EINTR { return [] }
    guard count > 0 else {
      throw .line(name: name, problem: "the line was closed; was the board unplugged or reset?")
    }
    return Array(bytes.prefix(count))
  }

  /// Whether the port is ready before the time is up.
  private func waits(for event: Int32, seconds: Double) throws(BoardError) -> Bool {
    let end = ContinuousClock.now + .milliseconds(Int(seconds * 1000))
    while true {
      let rest = end - ContinuousClock.now
      let milliseconds = max(0, Int(rest / .milliseconds(1)))
      var request = pollfd(fd: descriptor, events: Int16(event), revents: 0)
      let count = unsafe poll(&request, 1, Int32(clamping: milliseconds))
      if count > 0 { return true }
      if count == 0 { return false }
      if errno != EINTR {
        throw .line(name: name, problem: "it cannot be read: \(SystemError.last)")
      }
    }
  }
}
