import Foundation

/// JPEG pictures (ITU-T T.81) through libjpeg-turbo's library libturbojpeg, which is opened when
/// the first such picture comes.
///
/// Grey pictures give 1 channel, colour ones 3. What the library only warns of is an error here: of
/// a file that ends early it makes half a picture. Orientation (EXIF) and colour profiles are left
/// out.
enum JPEG {
  static let signature: [UInt8] = [0xff, 0xd8, 0xff]

  static func decode(_ file: [UInt8], path: String) throws(DataError) -> Image {
    guard let library = TurboJPEG.shared else {
      throw .unsuitable(
        path: path,
        reason: "this is a JPEG picture, and reading those needs the library libturbojpeg: "
          + "install the package libturbojpeg0 (Debian) or libturbojpeg (Ubuntu, Fedora: "
          + "turbojpeg), or convert the picture to PNG")
    }
    guard let handle = unsafe library.start() else {
      throw .unreadable(path: path, reason: "libturbojpeg cannot start; memory may be short")
    }
    defer { unsafe _ = library.destroy(handle) }
    var (width, height, sampling, colours) = (Int32(0), Int32(0), Int32(0), Int32(0))
    func failure() -> DataError {
      let text = unsafe library.message(handle).map { unsafe String(cString: $0) } ?? "damaged"
      return .malformed(path: path, byteOffset: 0, reason: "this JPEG picture is damaged: \(text)")
    }
    guard
      unsafe library.header(
        handle, file, UInt(file.count), &width, &height, &sampling, &colours) == 0
    else { throw failure() }
    try Image.checkSize(height: Int(height), width: Int(width), path: path, byteOffset: 0)
    guard colours < TurboJPEG.cyanMagentaYellowBlack else {
      throw .unsuitable(
        path: path, reason: "a JPEG picture for print (CMYK); convert it to RGB or grey")
    }
    let isGrey = colours == TurboJPEG.grey
    var image = Image(
      height: Int(height), width: Int(width), channelCount: isGrey ? 1 : 3, pixels: [])
    image.pixels = [UInt8](repeating: 0, count: image.height * image.width * image.channelCount)
    let status = unsafe library.decompress(
      handle, file, UInt(file.count), &image.pixels, width, width * Int32(image.channelCount),
      height, isGrey ? TurboJPEG.greyPixels : TurboJPEG.rgbPixels,
      TurboJPEG.accurate | TurboJPEG.stopOnWarning)
    guard status == 0 else { throw failure() }
    return image
  }
}

/// The functions of libturbojpeg, whose binary interface has been the same since version 1.2.
///
/// Safety: the types are those of `turbojpeg.h`.
@safe private struct TurboJPEG: Sendable {
  typealias Start = @convention(c) () -> UnsafeMutableRawPointer?
  typealias Header =
    @convention(c) (
      UnsafeMutableRawPointer, UnsafePointer<UInt8>, UInt, UnsafeMutablePointer<Int32>,
      UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>
    ) -> Int32
  typealias Decompress =
    @convention(c) (
      UnsafeMutableRawPointer, UnsafePointer<UInt8>, UInt, UnsafeMutablePointer<UInt8>, Int32,
      Int32, Int32, Int32, Int32
    ) -> Int32
  typealias Message = @convention(c) (UnsafeMutableRawPointer?) -> UnsafePointer<CChar>?
  typealias Destroy = @convention(c) (UnsafeMutableRawPointer) -> Int32

  let start: Start
  let header: Header
  let decompress: Decompress
  let message: Message
  let destroy: Destroy

  // Of `turbojpeg.h`: TJCS_GRAY, TJCS_CMYK, TJPF_RGB, TJPF_GRAY, TJFLAG_ACCURATEDCT,
  // TJFLAG_STOPONWARNING.
  static let grey: Int32 = 2, cyanMagentaYellowBlack: Int32 = 3
  static let rgbPixels: Int32 = 0, greyPixels: Int32 = 6
  static let accurate: Int32 = 4096, stopOnWarning: Int32 = 8192

  /// nil where the library is not installed, or too old.
  static let shared = TurboJPEG()

  private init?() {
    #if os(macOS)
      let names = ["libturbojpeg.0.dylib", "/opt/homebrew/lib/libturbojpeg.0.dylib"]
    #else
      let names = ["libturbojpeg.so.0"]
    #endif
    for name in names {
      guard let library = unsafe dlopen(name, RTLD_NOW | RTLD_LOCAL) else { continue }
      guard let start = unsafe dlsym(library, "tjInitDecompress"),
        let header = unsafe dlsym(library, "tjDecompressHeader3"),
        let decompress = unsafe dlsym(library, "tjDecompress2"),
        let message = unsafe dlsym(library, "tjGetErrorStr2"),
        let destroy = unsafe dlsym(library, "tjDestroy")
      else { return nil }
      unsafe self.start = unsafeBitCast(start, to: Start.self)
      unsafe self.header = unsafeBitCast(header, to: Header.self)
      unsafe self.decompress = unsafeBitCast(decompress, to: Decompress.self)
      unsafe self.message = unsafeBitCast(message, to: Message.self)
      unsafe self.destroy = unsafeBitCast(destroy, to: Destroy.self)
      return
    }
    return nil
  }
}

extension Image {
  /// Whether JPEG pictures can be read here.
  package static var readsJPEG: Bool { TurboJPEG.shared != nil }
}
