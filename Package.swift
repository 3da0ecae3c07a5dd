// swift-tools-version: 6.2
import PackageDescription

// The rows below are the dependency table of the house, in layer order: a row may name only rows above it.
// `HouseTests` compares every `import` in the sources with the row of its target.

let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A Debian C library: a module map and a header of typed wrappers, nothing compiled.
func system(_ name: String, _ package: String?) -> Target {
    .systemLibrary(name: name, path: "Shared/\(name)", pkgConfig: package)
}

/// A module that two or more executables use.
func shared(_ name: String, needs: [String] = []) -> Target {
    .target(
        name: name, dependencies: needs.map { .init(stringLiteral: $0) }, path: "Shared/\(name)", swiftSettings: house)
}

/// A module of one service.
func part(_ name: String, of service: String, needs: [String] = []) -> Target {
    .target(
        name: name, dependencies: needs.map { .init(stringLiteral: $0) }, path: "Services/\(service)/\(name)",
        swiftSettings: house)
}

/// An executable; it only assembles.
func service(_ name: String, needs: [String]) -> Target {
    .executableTarget(
        name: name, dependencies: needs.map { .init(stringLiteral: $0) }, path: "Services/\(name)/Main",
        swiftSettings: house)
}

/// The tests of one module, or a suite with a name of its own.
func tests(_ name: String, needs: [String] = []) -> Target {
    let suite = name.hasSuffix("Tests") ? name : name + "Tests"
    let own = name.hasSuffix("Tests") ? [] : [name]
    return .testTarget(
        name: suite, dependencies: (own + needs + ["TestSupport"]).map { .init(stringLiteral: $0) },
        path: "Tests/\(suite)", exclude: name == "Dialects" ? ["Golden"] : [], swiftSettings: house)
}

let package = Package(
    name: "Switchboard",
    targets: [
        // C libraries.
        system("CLinux", nil),
        system("CLibCurl", "libcurl"),
        system("CLibPQ", "libpq"),
        system("CLibCrypto", "libcrypto"),
        system("CMariaDB", "libmariadb"),
        .target(
            name: "CSimdJSON", path: "Shared/CSimdJSON", cxxSettings: [.unsafeFlags(["-O2", "-std=c++17"])],
            linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),

        // Shared, layer 1: no dependencies of our own.
        shared("HTTPCore"),
        shared("Contracts"),
        shared("Telemetry"),
        shared("Configuration", needs: ["Telemetry"]),
        shared("Crypto", needs: ["CLibCrypto", "Telemetry"]),

        // Shared, layer 2.
        shared("EventLoop", needs: ["CLinux"]),
        shared("JSON", needs: ["CSimdJSON"]),
        shared("ModelCatalogue", needs: ["JSON"]),
        shared("APIDescription", needs: ["JSON"]),
        shared("Lifecycle", needs: ["CLinux", "EventLoop", "Telemetry"]),
        shared("HTTPServer", needs: ["HTTPCore", "EventLoop", "CLinux"]),
        shared("HTTPClient", needs: ["HTTPCore", "EventLoop", "CLibCurl", "CLinux"]),
        shared("Postgres", needs: ["EventLoop", "CLibPQ", "Telemetry"]),

        // Shared, layer 3.
        shared(
            "InternalHTTP",
            needs: ["Contracts", "HTTPCore", "HTTPServer", "HTTPClient", "EventLoop", "JSON", "Crypto", "Telemetry"]),
        shared("Migrations", needs: ["Postgres", "EventLoop", "Lifecycle", "Crypto", "Telemetry"]),
        shared(
            "AdminHTTP", needs: ["Contracts", "HTTPCore", "HTTPServer", "EventLoop", "JSON", "Crypto", "Telemetry"]),
        shared(
            "ServiceKit",
            needs: ["HTTPCore", "HTTPServer", "EventLoop", "Lifecycle", "Configuration", "Telemetry", "JSON"]),

        // gateway: no database.
        part("InferenceModel", of: "gateway", needs: ["Contracts", "HTTPCore", "JSON"]),
        part(
            "Dialects", of: "gateway",
            needs: ["InferenceModel", "ModelCatalogue", "HTTPCore", "JSON", "Crypto", "Contracts"]),
        part("Routing", of: "gateway", needs: ["Contracts", "Crypto", "HTTPCore", "JSON", "Telemetry"]),
        part(
            "SnapshotClient", of: "gateway",
            needs: ["Contracts", "InternalHTTP", "EventLoop", "Lifecycle", "Telemetry", "Crypto"]),
        part(
            "LogShipping", of: "gateway",
            needs: ["Contracts", "InternalHTTP", "HTTPCore", "EventLoop", "Lifecycle", "Telemetry"]),
        part(
            "CloudAuth", of: "gateway",
            needs: [
                "Dialects", "InferenceModel", "HTTPClient", "HTTPCore", "EventLoop", "JSON", "Crypto", "Telemetry",
            ]),
        part("MediaFetch", of: "gateway", needs: ["InferenceModel", "HTTPClient", "HTTPCore", "EventLoop"]),
        part(
            "Relay", of: "gateway",
            needs: [
                "CloudAuth", "Dialects", "InferenceModel", "MediaFetch", "Routing", "Contracts", "HTTPClient",
                "HTTPServer", "HTTPCore",
                "EventLoop",
                "JSON", "Crypto", "Telemetry",
            ]),
        part(
            "HealthReporting", of: "gateway",
            needs: ["Routing", "Contracts", "InternalHTTP", "EventLoop", "Lifecycle", "Telemetry"]),
        part(
            "GatewayAPI", of: "gateway",
            needs: [
                "Relay", "Dialects", "Routing", "AdminHTTP", "Contracts", "APIDescription", "InternalHTTP",
                "ModelCatalogue", "HTTPServer", "HTTPClient", "HTTPCore", "EventLoop", "JSON", "Crypto", "Telemetry",
            ]),
        service(
            "gateway",
            needs: [
                "GatewayAPI", "Relay", "MediaFetch", "HealthReporting", "Routing", "SnapshotClient", "LogShipping",
                "AdminHTTP",
                "InternalHTTP",
                "HTTPServer", "HTTPClient", "HTTPCore", "EventLoop", "Contracts", "Crypto", "ServiceKit",
                "Configuration", "Lifecycle", "Telemetry",
            ]),

        // channel-registry.
        part(
            "RegistryStore", of: "channel-registry",
            needs: ["Contracts", "ModelCatalogue", "Postgres", "Migrations", "Crypto", "JSON", "Telemetry"]),
        part(
            "OneAPIImport", of: "channel-registry",
            needs: ["RegistryStore", "CMariaDB", "Postgres", "Contracts", "Crypto", "JSON", "EventLoop", "Telemetry"]),
        part(
            "AdminAPI", of: "channel-registry",
            needs: [
                "RegistryStore", "OneAPIImport", "AdminHTTP", "HTTPServer", "HTTPClient", "HTTPCore", "EventLoop",
                "JSON",
                "Contracts", "ModelCatalogue", "Postgres", "Lifecycle", "Telemetry",
            ]),
        part(
            "CollectorLink", of: "channel-registry",
            needs: ["RegistryStore", "Contracts", "InternalHTTP", "EventLoop", "Lifecycle", "Telemetry"]),
        part(
            "SnapshotPublisher", of: "channel-registry",
            needs: [
                "RegistryStore", "Contracts", "ModelCatalogue", "InternalHTTP", "HTTPServer", "HTTPCore", "EventLoop",
                "JSON", "Postgres", "Lifecycle", "Telemetry",
            ]),
        part(
            "HealthSharing", of: "channel-registry",
            needs: ["RegistryStore", "Contracts", "InternalHTTP", "HTTPServer", "Telemetry"]),
        part(
            "TestIntake", of: "channel-registry",
            needs: ["RegistryStore", "Contracts", "InternalHTTP", "HTTPServer", "Telemetry"]),
        service(
            "channel-registry",
            needs: [
                "HealthSharing", "TestIntake", "AdminAPI", "AdminHTTP", "SnapshotPublisher", "CollectorLink",
                "OneAPIImport", "RegistryStore", "InternalHTTP", "HTTPServer", "HTTPClient", "HTTPCore", "EventLoop",
                "Postgres", "Migrations", "Crypto", "ServiceKit", "Configuration", "Lifecycle", "Telemetry",
            ]),

        // log-collector.
        part(
            "LogStore", of: "log-collector",
            needs: ["Contracts", "Postgres", "Migrations", "JSON", "Telemetry"]),
        part(
            "LogIngestion", of: "log-collector",
            needs: [
                "LogStore", "Contracts", "InternalHTTP", "HTTPServer", "HTTPCore", "EventLoop", "JSON", "Postgres",
                "Telemetry",
            ]),
        part(
            "Retention", of: "log-collector", needs: ["LogStore", "Postgres", "Lifecycle", "EventLoop", "Telemetry"]),
        part(
            "LogAPI", of: "log-collector",
            needs: [
                "LogStore", "AdminHTTP", "HTTPServer", "HTTPCore", "EventLoop", "JSON", "Contracts", "Postgres",
                "Telemetry",
            ]),
        part(
            "RegistryLink", of: "log-collector",
            needs: [
                "LogStore", "Contracts", "InternalHTTP", "HTTPServer", "HTTPCore", "EventLoop", "Postgres", "Lifecycle",
                "Telemetry",
            ]),
        service(
            "log-collector",
            needs: [
                "LogAPI", "LogIngestion", "RegistryLink", "Retention", "LogStore", "AdminHTTP", "InternalHTTP",
                "HTTPClient", "HTTPServer", "HTTPCore", "EventLoop", "Postgres", "Migrations", "ServiceKit",
                "Configuration", "Lifecycle", "Telemetry",
            ]),

        // Tests.
        .target(
            name: "TestSupport", dependencies: ["EventLoop", "CLinux", "Telemetry"], path: "Tests/TestSupport",
            swiftSettings: house),
        .target(
            name: "FuzzSupport", dependencies: ["Dialects", "Contracts", "HTTPCore", "InferenceModel", "JSON"],
            path: "Tests/FuzzSupport", swiftSettings: house),
        .systemLibrary(name: "CLibFuzzer", path: "Tests/CLibFuzzer"),
        .executableTarget(
            name: "fuzz", dependencies: ["CLibFuzzer", "FuzzSupport", "JSON"], path: "Tests/Fuzz",
            swiftSettings: house),
        .executableTarget(
            name: "mock-provider", dependencies: ["EventLoop", "CLinux"], path: "Tests/MockProvider",
            swiftSettings: house),
        .executableTarget(
            name: "load-client", dependencies: ["EventLoop", "Crypto"], path: "Tests/LoadClient", swiftSettings: house),
        tests("EventLoop"),
        tests("Contracts"),
        tests(
            "InternalHTTP",
            needs: ["Contracts", "HTTPCore", "HTTPServer", "HTTPClient", "EventLoop", "Telemetry"]),
        tests(
            "SnapshotClient",
            needs: [
                "Contracts", "InternalHTTP", "HTTPCore", "HTTPServer", "HTTPClient", "EventLoop", "Lifecycle",
                "Telemetry",
            ]),
        tests(
            "LogShipping",
            needs: [
                "Contracts", "InternalHTTP", "HTTPCore", "HTTPServer", "HTTPClient", "EventLoop", "Lifecycle",
                "Telemetry",
            ]),
        tests(
            "RegistryStore",
            needs: ["Contracts", "Postgres", "Migrations", "EventLoop", "Crypto", "Telemetry"]),
        tests(
            "SnapshotPublisher",
            needs: [
                "RegistryStore", "Contracts", "Postgres", "Migrations", "InternalHTTP", "HTTPServer", "HTTPClient",
                "EventLoop", "Lifecycle", "Crypto", "Telemetry",
            ]),
        tests(
            "AdminAPI",
            needs: [
                "APIDescription", "OneAPIImport", "RegistryStore", "AdminHTTP", "Postgres", "Migrations", "HTTPServer",
                "HTTPClient", "HTTPCore",
                "EventLoop",
                "JSON", "Crypto", "Contracts", "Telemetry", "ModelCatalogue",
            ]),
        tests(
            "OneAPIImport",
            needs: [
                "RegistryStore", "Contracts", "Postgres", "Migrations", "EventLoop", "Crypto", "Telemetry",
                "channel-registry",
            ]),
        tests(
            "HealthReporting",
            needs: ["Contracts", "InternalHTTP", "HTTPClient", "EventLoop", "Routing", "Telemetry"]),
        tests(
            "HealthSharing",
            needs: [
                "RegistryStore", "Contracts", "Postgres", "Migrations", "InternalHTTP", "HTTPServer", "HTTPClient",
                "EventLoop", "Telemetry",
            ]),
        tests("Postgres", needs: ["EventLoop", "Telemetry"]),
        tests("Migrations", needs: ["Postgres", "EventLoop", "Lifecycle", "Telemetry"]),
        tests("Routing", needs: ["Contracts", "Telemetry"]),
        tests("Dialects", needs: ["Contracts", "FuzzSupport", "HTTPCore", "InferenceModel", "JSON"]),
        tests(
            "Relay",
            needs: [
                "Contracts", "Crypto", "Dialects", "HTTPClient", "HTTPCore", "InferenceModel", "JSON", "Routing",
                "Telemetry",
            ]),
        tests(
            "CloudAuth",
            needs: [
                "Crypto", "Dialects", "EventLoop", "HTTPClient", "HTTPCore", "HTTPServer", "InferenceModel", "JSON",
            ]),
        tests("MediaFetch", needs: ["EventLoop", "HTTPClient", "HTTPCore", "HTTPServer", "InferenceModel"]),
        tests("APIDescription", needs: ["JSON"]),
        tests(
            "GatewayAPI",
            needs: [
                "APIDescription", "AdminHTTP", "Relay", "Routing", "Contracts", "Crypto", "EventLoop", "HTTPClient",
                "HTTPCore", "HTTPServer", "InternalHTTP", "JSON", "Telemetry",
            ]),
        tests(
            "TestIntake",
            needs: [
                "RegistryStore", "Contracts", "Postgres", "Migrations", "InternalHTTP", "HTTPServer", "HTTPClient",
                "EventLoop", "Crypto", "Telemetry",
            ]),
        tests("HTTPCore"),
        tests("HTTPServer", needs: ["HTTPCore", "EventLoop", "CLinux"]),
        tests("JSON"),
        tests("ModelCatalogue", needs: ["JSON"]),
        tests("Crypto", needs: ["Telemetry"]),
        tests("Telemetry"),
        .target(
            name: "CollectorSupport",
            dependencies: [
                "LogStore", "Contracts", "Postgres", "Migrations", "HTTPServer", "HTTPClient", "HTTPCore", "EventLoop",
                "JSON", "Telemetry", "TestSupport",
            ], path: "Tests/CollectorSupport", swiftSettings: house),
        tests("AdminHTTP", needs: ["HTTPCore", "JSON", "Telemetry"]),
        tests(
            "LogStore", needs: ["CollectorSupport", "Contracts", "EventLoop", "Migrations", "Postgres", "Telemetry"]),
        tests(
            "LogIngestion",
            needs: [
                "CollectorSupport", "Contracts", "EventLoop", "HTTPServer", "HTTPCore", "LogStore", "Postgres",
                "Telemetry",
            ]),
        tests("Retention", needs: ["CollectorSupport", "EventLoop", "LogStore", "Lifecycle", "Postgres", "Telemetry"]),
        tests(
            "RegistryLink",
            needs: [
                "CollectorSupport", "LogStore", "Contracts", "InternalHTTP", "HTTPServer", "HTTPClient", "HTTPCore",
                "EventLoop", "JSON", "Telemetry",
            ]),
        tests(
            "CollectorLink",
            needs: [
                "CollectorSupport", "LogStore", "RegistryLink", "RegistryStore", "Contracts", "InternalHTTP",
                "HTTPServer", "HTTPClient", "EventLoop", "Postgres", "Migrations", "Crypto", "Telemetry",
            ]),
        tests(
            "LogAPI",
            needs: [
                "APIDescription", "CollectorSupport", "AdminHTTP", "LogStore", "Contracts", "HTTPServer", "HTTPCore",
                "JSON", "Postgres", "Telemetry",
            ]),
        tests("Configuration"),
        tests("Lifecycle", needs: ["EventLoop", "Telemetry"]),
        tests(
            "ServiceKit", needs: ["Configuration", "EventLoop", "HTTPCore", "HTTPServer", "Lifecycle", "Telemetry"]),
        tests("HouseTests"),
        tests("HTTPClient", needs: ["HTTPCore", "EventLoop", "CLibCurl", "CLinux"]),
    ],
    cxxLanguageStandard: .cxx17
)
