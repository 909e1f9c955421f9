import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// A report as an XML parser sees it.
final class HTMLDocument {
  final class Element {
    let name: String
    let attributes: [String: String]
    weak var parent: Element?
    var children: [Element] = []
    var text = ""

    init(_ name: String, _ attributes: [String: String], parent: Element?) {
      self.name = name
      self.attributes = attributes
      self.parent = parent
    }

    /// All below, in document order.
    var descendants: [Element] { children.flatMap { [$0] + $0.descendants } }

    func all(_ name: String) -> [Element] { descendants.filter { $0.name == name } }
    func has(_ name: String) -> Bool { descendants.contains { $0.name == name } }

    /// With that of all below.
    var allText: String { text + children.map(\.allText).joined() }
  }

  let root: Element

  struct NotWellFormed: Error {
    let line: Int
    let message: String
  }

  init(_ html: String) throws {
    let builder = Builder()
    // The HTML declaration is none that XML knows, but well-formed.
    let parser = XMLParser(data: Data(html.utf8))
    parser.delegate = builder
    guard parser.parse() else {
      throw NotWellFormed(
        line: parser.lineNumber,
        message: parser.parserError.map { "\($0)" } ?? "not well-formed")
    }
    root = builder.root
  }

  private final class Builder: NSObject, XMLParserDelegate {
    let root = Element("", [:], parent: nil)
    var current: Element

    override init() { current = root }

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      let element = Element(name, attributes, parent: current)
      current.children.append(element)
      current = element
    }

    func parser(
      _ parser: XMLParser, didEndElement name: String, namespaceURI: String?,
      qualifiedName: String?
    ) { current = current.parent ?? root }

    func parser(_ parser: XMLParser, foundCharacters text: String) { current.text += text }
  }
}
