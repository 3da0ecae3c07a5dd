import Foundation
import InferenceModel
import JSON
import Testing

@testable import Dialects

/// Files that say what goes in and what must come out: `Golden/<folder>/<name>.<step>`, such as `Golden/chat/requests/tools.in.json`.
///
/// With `GOLDEN=write` in the environment the expected files are written instead of compared; read them before they are committed.
struct GoldenCase: CustomTestStringConvertible, Sendable {
    /// The folder below `Tests/DialectsTests/Golden`.
    let folder: String
    let name: String

    var testDescription: String { "\(folder)/\(name)" }

    /// The root of the repository.
    static let repository: String = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path
    static let root = repository + "/Tests/DialectsTests/Golden"
    static let isWriting = ProcessInfo.processInfo.environment["GOLDEN"] == "write"

    /// The cases of a folder: the names before the first dot of its files, sorted.
    static func all(in folder: String) -> [GoldenCase] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
        let names = Set(files.filter { $0.contains(".") }.map { String($0.prefix { $0 != "." }) })
        return names.sorted().map { GoldenCase(folder: folder, name: $0) }
    }

    private func path(_ step: String) -> String { "\(Self.root)/\(folder)/\(name).\(step)" }

    /// Whether the case has a file for this step.
    func has(_ step: String) -> Bool { FileManager.default.fileExists(atPath: path(step)) }

    /// The bytes of a step's file.
    func bytes(_ step: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: path(step))))
    }

    /// The JSON of a step's file.
    func json(_ step: String) throws -> JSONValue {
        try JSONValue.parse(try bytes(step))
    }

    /// Compares JSON by value (members in any order, numbers by their text) with the file of a step.
    func expect(json actual: [UInt8], _ step: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let tree = try JSONValue.parse(actual)
        if Self.isWriting { try write(Self.pretty(tree) + "\n", step) }
        let expected = try json(step)
        let difference = Self.difference(tree, expected)
        #expect(
            tree == expected, "\(testDescription).\(step): \(difference ?? "")\nactual:\n\(Self.pretty(tree))",
            sourceLocation: sourceLocation)
    }

    /// Compares text, such as a stream, with the file of a step.
    func expect(text actual: String, _ step: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        if Self.isWriting { try write(actual, step) }
        let expected = String(decoding: try bytes(step), as: UTF8.self)
        #expect(
            actual == expected, "\(testDescription).\(step)\nactual:\n\(actual)", sourceLocation: sourceLocation)
    }

    private func write(_ text: String, _ step: String) throws {
        try FileManager.default.createDirectory(
            atPath: "\(Self.root)/\(folder)", withIntermediateDirectories: true)
        try text.write(toFile: path(step), atomically: true, encoding: .utf8)
    }

    // MARK: JSON

    /// A tree as indented text; containers that fit stay on one line.
    static func pretty(_ value: JSONValue, indent: Int = 0) -> String {
        let flat = String(decoding: value.serialized(), as: UTF8.self)
        if flat.count + indent <= 110 { return flat }
        let lead = String(repeating: " ", count: indent + 2)
        let end = "\n" + String(repeating: " ", count: indent)
        switch value {
        case .array(let elements):
            return "[\n" + elements.map { lead + pretty($0, indent: indent + 2) }.joined(separator: ",\n") + end + "]"
        case .object(let object):
            let lines = object.members.map { member in
                lead + String(decoding: JSONWriter.quoted(member.key), as: UTF8.self) + ": "
                    + pretty(member.value, indent: indent + 2)
            }
            return "{\n" + lines.joined(separator: ",\n") + end + "}"
        default: return flat
        }
    }

    /// The first place where two trees differ, in words; `nil` when they are equal.
    static func difference(_ actual: JSONValue, _ expected: JSONValue, at path: String = "$") -> String? {
        if actual == expected { return nil }
        switch (actual, expected) {
        case (.object(let actual), .object(let expected)):
            for member in expected.members {
                guard let value = actual[member.key] else { return "\(path).\(member.key) is missing" }
                if let found = difference(value, member.value, at: "\(path).\(member.key)") { return found }
            }
            for key in actual.keys where expected[key] == nil { return "\(path).\(key) is one too many" }
            return nil
        case (.array(let actual), .array(let expected)):
            for (place, pair) in zip(actual, expected).enumerated() {
                if let found = difference(pair.0, pair.1, at: "\(path)[\(place)]") { return found }
            }
            return "\(path) has \(actual.count) elements, not \(expected.count)"
        default:
            let text = { (value: JSONValue) in String(decoding: value.serialized(), as: UTF8.self) }
            return "\(path) is \(text(actual)), not \(text(expected))"
        }
    }
}

/// Streams fed in pieces.
enum StreamSplits {
    /// Every way in which the tests cut a stream: whole, byte by byte, and at every place into two.
    static func pieces(_ bytes: [UInt8]) -> [[[UInt8]]] {
        var ways = [[bytes], bytes.map { [$0] }]
        for split in bytes.indices.dropFirst() { ways.append([Array(bytes[..<split]), Array(bytes[split...])]) }
        return ways
    }

    /// The events of a stream; the same however it is cut, else the test fails.
    static func events(
        _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation, reader: () -> any EventReader
    ) throws -> [InferenceEvent] {
        let parser = JSONParser()
        var whole: [InferenceEvent]?
        for pieces in Self.pieces(bytes) {
            var events: [InferenceEvent] = []
            var reader = reader()
            for piece in pieces { try reader.feed(piece, parser: parser, into: &events) }
            try reader.end(parser: parser, into: &events)
            if let whole {
                if events != whole {
                    Issue.record(
                        "cut \(pieces.map(\.count)) gives \(events), not \(whole)", sourceLocation: sourceLocation)
                    break
                }
            } else {
                whole = events
            }
        }
        return whole ?? []
    }

    /// What a caller gets of a stream; the same however it is cut, else the test fails.
    static func relay(
        _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation, stream: () -> any StreamRelay
    ) throws -> (text: String, relay: any StreamRelay, isComplete: Bool) {
        let parser = JSONParser()
        var whole: (text: String, relay: any StreamRelay, isComplete: Bool)?
        for pieces in Self.pieces(bytes) {
            var out: [UInt8] = []
            var relay = stream()
            for piece in pieces { try relay.feed(piece, parser: parser, into: &out) }
            let isComplete = try relay.end(parser: parser, into: &out)
            let text = String(decoding: out, as: UTF8.self)
            if let whole {
                if text != whole.text || isComplete != whole.isComplete {
                    Issue.record(
                        "cut \(pieces.map(\.count)) gives\n\(text)\nnot\n\(whole.text)", sourceLocation: sourceLocation)
                    break
                }
            } else {
                whole = (text, relay, isComplete)
            }
        }
        return try #require(whole)
    }

    /// What an event writer makes of events.
    static func text(_ events: [InferenceEvent], _ writer: any EventWriter) -> String {
        var writer = writer
        var out: [UInt8] = []
        for event in events { writer.write(event, into: &out) }
        return String(decoding: out, as: UTF8.self)
    }
}
