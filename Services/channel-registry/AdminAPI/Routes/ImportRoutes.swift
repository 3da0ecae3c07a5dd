import AdminHTTP
import HTTPCore
import JSON
import OneAPIImport
import Telemetry

/// The import of One API's channels over HTTP (contract admin-api §15).
enum ImportRoutes {
    /// `data` has one element for each row that could not be mapped or was changed on the way, and is `[]` without any.
    static func oneAPI(_ call: AdminCall) async throws -> AdminAnswer {
        let dsn = try BodyFields(body: call.body).string("dsn") ?? ""
        let report = try await call.stores.importer.run(dsn: Redacted(dsn))
        return .data { writer in
            writer.list(report.lines) { writer, line in
                writer.object { writer in
                    writer.field("id", line.id)
                    writer.field("name", line.name)
                    writer.field("imported", line.isImported)
                    writer.field(line.isImported ? "change" : "error", line.notes.joined(separator: "; "))
                }
            }
        }
    }
}
