import RegistryStore
import Synchronization

/// One import while it goes on: maps batches of rows, writes them, and keeps the report.
final class ImportRun: Sendable {
    private let channels: ChannelStore
    private let source: String
    private let mapping: ImportMapping
    /// The marks of the keys that were imported before, by row.
    private let known: [Int: Set<String>]
    private let held: Mutex<ImportReport>

    init(channels: ChannelStore, source: String, known: [Int: Set<String>], isDryRun: Bool) {
        self.channels = channels
        self.source = source
        self.known = known
        mapping = ImportMapping(source: source)
        held = Mutex(ImportReport(isDryRun: isDryRun))
    }

    var report: ImportReport { held.withLock { $0 } }

    /// What is to be done with one row.
    private enum Decision: Equatable {
        case add
        case present
        case fail
    }

    /// Takes one batch.
    func take(_ rows: [OneAPIRow]) async throws {
        var batch: [MappedRow] = []
        var room = OneAPIImporter.mostChannels - report.created
        for row in rows {
            var mapped = mapping.map(row)
            let decision = decide(&mapped, room: room)
            switch decision {
            case .add:
                room -= mapped.parts.count
                batch.append(mapped)
            case .present, .fail: settle(mapped, decision)
            }
        }
        guard !batch.isEmpty else { return }
        try await write(batch)
    }

    private func decide(_ row: inout MappedRow, room: Int) -> Decision {
        if let before = known[row.id] {
            guard !row.marks.isEmpty else { return .fail }
            let parts = row.parts.filter { !before.contains($0.mark) }
            guard !parts.isEmpty else { return .present }
            guard before.isSubset(of: row.marks) else {
                row.losses = [
                    "its keys were replaced in One API since it was imported; change them in the channels that are here"
                ]
                return .fail
            }
            row.parts = parts
        }
        guard !row.parts.isEmpty else { return .fail }
        guard row.parts.count <= room else {
            row.losses = ["one import creates at most \(OneAPIImporter.mostChannels) channels; import again"]
            return .fail
        }
        return .add
    }

    /// Writes a batch at once; when PostgreSQL refuses one of its rows, each by itself.
    private func write(_ batch: [MappedRow]) async throws {
        guard !report.isDryRun else {
            for row in batch { settle(row, .add, created: row.parts.count) }
            return
        }
        do throws(RegistryError) {
            let created = try await channels.add(batch.flatMap(imported))
            held.withLock { $0.created += created }
            for row in batch { settle(row, .add) }
        } catch {
            guard Self.fault(ofOneRow: error) != nil else { throw error }
            for row in batch { try await writeAlone(row) }
        }
    }

    private func writeAlone(_ row: MappedRow) async throws {
        do throws(RegistryError) {
            settle(row, .add, created: try await channels.add(imported(row)))
        } catch {
            guard let fault = Self.fault(ofOneRow: error) else { throw error }
            var row = row
            row.losses = [fault]
            settle(row, .fail)
        }
    }

    private func imported(_ row: MappedRow) -> [ImportedChannel] {
        row.parts.map { part in
            ImportedChannel(mark: ImportMark(source: source, row: row.id, key: part.mark), channel: part.channel)
        }
    }

    /// What is said of a row that the store refuses; `nil` when the fault is not of one row.
    private static func fault(ofOneRow error: RegistryError) -> String? {
        switch error {
        case .invalidKey(let reason): reason
        case .modelConfigsMissing(let models): "model config not found: [\(models.joined(separator: " "))]"
        case .database: "the database of the registry refuses it"
        default: nil
        }
    }

    private func settle(_ row: MappedRow, _ decision: Decision, created: Int = 0) {
        held.withLock { report in
            report.rows += 1
            report.created += created
            switch decision {
            case .present: report.present += 1
            case .fail: report.failed += 1
            case .add: break
            }
            let notes = decision == .add ? row.losses + row.changes : row.losses
            guard !notes.isEmpty else { return }
            report.lines.append(
                ImportLine(id: row.id, name: row.name, isImported: decision == .add, notes: notes))
        }
    }
}
