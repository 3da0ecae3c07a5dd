import Lifecycle
import OneAPIImport
import Postgres
import RegistryStore
import ServiceKit
import Telemetry

/// `channel-registry import-oneapi --dsn … [--dry-run]`: takes the channels of a live One API over and prints a report.
enum ImportCommand {
    private static let dryRun = "--dry-run"

    static let description = ExtraSubcommand(
        name: "import-oneapi", summary: "take over the channels of One API: --dsn=DSN (or DSN_FILE) [--dry-run]",
        flags: [dryRun])

    static func run(_ config: RegistryConfig, _ flags: Set<String>, _ context: ServiceContext) async -> ExitCode {
        guard let source = config.importSource else {
            context.logger.error(
                "the database of One API is not given: --dsn=mysql://user:password@tcp(host:3306)/oneapi")
            return .usage
        }
        do {
            let pool = try Assembly.pool(config, context)
            let importer = OneAPIImporter(
                channels: Assembly.channels(config, pool, context), group: context.group, logger: context.logger)
            let result: Result<ImportReport, any Error>
            do {
                result = .success(try await importer.run(dsn: source, isDryRun: flags.contains(dryRun)))
            } catch {
                result = .failure(error)
            }
            importer.close()
            await pool.shutdown(deadline: .seconds(5))
            print(try result.get().text, terminator: "")
            return .success
        } catch let error as ImportError {
            context.logger.error("the import failed", ["error": .string(error.message)])
        } catch RegistryError.notMigrated {
            context.logger.error("the tables of the registry are not set up: run channel-registry migrate")
        } catch {
            context.logger.error("the import failed", ["error": .string("\(error)")])
        }
        return .failure
    }
}
