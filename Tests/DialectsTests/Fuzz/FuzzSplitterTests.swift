import InferenceModel
import JSON
import Testing

@testable import Dialects

/// Mutants for the readers below the dialects; as `FuzzTests`, with a fixed number of rounds.
@Suite("Hostile bytes for splitters, forms and JSON")
struct FuzzSplitterTests {
    private static let rounds: ClosedRange<UInt64> = 1...600

    private struct Event: Equatable {
        let bytes: [UInt8]
        let payload: [UInt8]?
        let hasConnectionFields: Bool
    }

    private func events(_ pieces: [[UInt8]]) -> [Event] {
        var splitter = SSESplitter()
        var events: [Event] = []
        let add = { (block: SSEBlock, bytes: [UInt8]) in
            events.append(
                Event(
                    bytes: Array(bytes[block.range]), payload: block.payload.map { Array(bytes[$0]) },
                    hasConnectionFields: block.hasConnectionFields))
        }
        for piece in pieces {
            splitter.append(piece)
            while let block = splitter.next() { add(block, splitter.bytes) }
        }
        if let block = splitter.rest() { add(block, splitter.bytes) }
        return events
    }

    @Test("events of a stream are the same however it is cut, and no byte is lost")
    func events() {
        let seeds = FuzzSeeds.streams("chat") + FuzzSeeds.streams("anthropic")
        for seed in Self.rounds {
            var mutator = Mutator(seed: seed)
            let bytes = mutator.mutant(of: seeds)
            let whole = events([bytes])
            #expect(whole.flatMap(\.bytes) == bytes, "seed \(seed)")
            #expect(events(mutator.pieces(of: bytes)) == whole, "seed \(seed)")
        }
    }

    private func lines(_ pieces: [[UInt8]]) throws -> [[UInt8]] {
        var splitter = LineSplitter()
        var lines: [[UInt8]] = []
        for piece in pieces {
            splitter.append(piece)
            while let line = try splitter.next() { lines.append(line) }
        }
        return lines + [splitter.rest()].compactMap(\.self)
    }

    @Test("lines of a stream are the same however it is cut")
    func lines() throws {
        let seeds = FuzzSeeds.streams("vendors")
        for seed in Self.rounds {
            var mutator = Mutator(seed: seed)
            let bytes = mutator.mutant(of: seeds)
            let whole = try lines([bytes])
            #expect(whole.count <= bytes.count)
            #expect(try lines(mutator.pieces(of: bytes)) == whole, "seed \(seed)")
        }
    }

    private func form(_ bodies: [[UInt8]]) -> (parts: [FormReader.Part], isComplete: Bool)? {
        do {
            var reader = try FormReader(contentType: "multipart/form-data; boundary=XX")
            for body in bodies { try reader.read(body) }
            let body = bodies.last ?? []
            for part in reader.parts where !part.name.isEmpty { _ = reader.text(part.name, in: body) }
            return (reader.parts, reader.isComplete)
        } catch {
            return nil
        }
    }

    @Test("forms are read or refused, the same however they arrive")
    func forms() {
        for seed in Self.rounds {
            var mutator = Mutator(seed: seed)
            let bytes = mutator.mutant(of: [FuzzSeeds.form])
            let whole = form([bytes])
            var arrived: [UInt8] = []
            let grown = mutator.pieces(of: bytes).map { piece in
                arrived += piece
                return arrived
            }
            let slow = form(grown)
            guard !bytes.isEmpty else { continue }
            #expect(
                slow?.parts == whole?.parts && slow?.isComplete == whole?.isComplete,
                "seed \(seed): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
        }
    }

    @Test("JSON is read or refused; what was read is written and read again; edits leave JSON")
    func json() throws {
        let seeds = ["chat", "anthropic", "gemini"].flatMap { FuzzSeeds.bodies($0) }
        let parser = JSONParser()
        let keys = JSONKeys("model", "messages", "usage", "stream")
        for seed in Self.rounds {
            var mutator = Mutator(seed: seed)
            let bytes = mutator.mutant(of: seeds)
            let tree = try? parser.parse(bytes)
            if let tree { #expect(try parser.parse(tree.serialized()) == tree, "seed \(seed)") }
            let scan = try? parser.scan(bytes, for: keys)
            guard let index = try? parser.members(of: bytes) else { continue }
            #expect(tree?.object != nil || scan != nil || tree == nil, "seed \(seed)")
            var edit = JSONEdit(bytes, index: index)
            let removed = index.members.isEmpty ? "x" : index.members[mutator.below(index.members.count)].key
            edit.remove(removed)
            edit.set("added", string: "\u{0}\"🙂")
            // An object may be found whose values are broken inside; its edit is then no better.
            guard tree != nil, case .object(let after) = try parser.parse(edit.apply()) else { continue }
            #expect(after["added"] == .string("\u{0}\"🙂"), "seed \(seed)")
            #expect(after[removed] == nil || removed == "added", "seed \(seed)")
        }
    }
}
