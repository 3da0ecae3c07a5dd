import Configuration
import HTTPCore
import MediaFetch
import Relay
import Routing
import ServiceKit
import Telemetry

/// Everything an operator can set about the gateway, with its default.
struct GatewayConfig: Sendable {
    let service: ServiceConfig
    /// The key of FastGPT, of operators and of scripts: every channel, no limits.
    let adminKey: Redacted<String>
    /// The shared secret of the three services.
    let internalKey: Redacted<String>
    /// Opens the channels' keys; the same as the registry's.
    let secretsKey: Redacted<String>
    /// Former values of `SECRETS_KEY`, comma separated, for channels that were not sealed again yet.
    let formerSecretsKeys: Redacted<String>?
    let registryURL: String
    let collectorURL: String
    /// Where the last snapshot is kept.
    let stateDirectory: String
    /// `nil` leaves it to the option `RetryTimes`.
    let retryTimes: Int?
    let maxBodyBytes: Int
    let maxConnections: Int
    let maxUpstreamTransfers: Int
    /// What is kept of bodies; what is not set here, the options say.
    let details: DetailTerms
    let firstByteTimeout: Duration
    let streamFirstByteTimeout: Duration
    let idleTimeout: Duration
    let totalTimeout: Duration
    let keepAlive: Duration
    let trustedProxies: [AddressRange]
    let mediaPolicy: FetchPolicy
    let queueBytes: Int

    init(_ reader: inout ConfigReader) {
        service = ServiceConfig(&reader, listen: ListenAddress(host: "0.0.0.0", port: 3000))
        adminKey = reader.requiredSecret("ADMIN_KEY", hint: "the key that FastGPT and scripts send")
        internalKey = reader.requiredSecret(
            "INTERNAL_KEY", hint: "a long random text, the same for the three services", minimumLength: 16)
        secretsKey = reader.requiredSecret(
            "SECRETS_KEY", hint: "a long random text, the same as the registry's", minimumLength: 16)
        formerSecretsKeys = reader.secret("SECRETS_KEY_PREVIOUS")
        registryURL = reader.url("REGISTRY_URL", default: "http://127.0.0.1:3001")
        collectorURL = reader.url("COLLECTOR_URL", default: "http://127.0.0.1:3002")
        stateDirectory = reader.string("STATE_DIR", default: ".")
        retryTimes = reader.parsed(
            "RETRY_TIMES", default: nil, form: "a whole number from 0 to \(RelayConfiguration.mostRetries)",
            show: { $0.map(String.init) ?? "as the option RetryTimes says" }
        ) { text in
            Int(text).flatMap { (0...RelayConfiguration.mostRetries).contains($0) ? .some($0) : nil }
        }
        maxBodyBytes = reader.int("MAX_BODY_BYTES", default: 64 * 1024 * 1024, in: 1024...2_000_000_000)
        maxConnections = reader.int("MAX_CONNECTIONS", default: 16_384, in: 1...1_000_000)
        maxUpstreamTransfers = reader.int("MAX_UPSTREAM_TRANSFERS", default: 8192, in: 1...1_000_000)
        details = Self.details(&reader)
        let span: ClosedRange<Duration> = .seconds(1) ... .seconds(86_400)
        firstByteTimeout = reader.duration("FIRST_BYTE_SECONDS", default: .seconds(600), in: span)
        streamFirstByteTimeout = reader.duration("STREAM_FIRST_BYTE_SECONDS", default: .seconds(300), in: span)
        idleTimeout = reader.duration("STREAM_IDLE_SECONDS", default: .seconds(300), in: span)
        totalTimeout = reader.duration("TOTAL_SECONDS", default: .seconds(3600), in: span)
        keepAlive = reader.duration("KEEP_ALIVE_SECONDS", default: .seconds(15), in: .zero ... .seconds(3600))
        trustedProxies = reader.parsed(
            "TRUSTED_PROXIES", default: [], form: "addresses or blocks such as 10.0.0.0/8, comma separated"
        ) { text in
            let parts = text.split(whereSeparator: { $0 == "," || $0 == " " }).map { AddressRange(String($0)) }
            return parts.contains(nil) ? nil : parts.compactMap { $0 }
        }
        mediaPolicy = reader.parsed(
            "MEDIA_FETCH_ALLOW", default: FetchPolicy(),
            form: "names of hosts, addresses or blocks such as 10.0.0.0/8, comma separated",
            show: { $0 == FetchPolicy() ? "public addresses only" : "public addresses and a list" }
        ) { FetchPolicy(allowing: $0) }
        queueBytes = reader.int("LOG_QUEUE_BYTES", default: 64 * 1024 * 1024, in: 1_048_576...4_294_967_296)
        // Settings of AI Proxy which a compose file may carry and which mean nothing here.
        reader.tolerate("DISABLE_MODEL_CONFIG", "BILLING_ENABLED", "SQL_DSN", "LOG_SQL_DSN", "LOG_DETAIL_STORAGE_HOURS")
    }

    private static func details(_ reader: inout ConfigReader) -> DetailTerms {
        func bytes(_ name: String, _ option: String) -> Int? {
            reader.parsed(
                name, default: nil, form: "a whole number of bytes; 0 for as many as are ever kept, -1 for none",
                show: { $0.map(String.init) ?? "as the option \(option) says" }
            ) { text in
                Int(text).map { .some($0) }
            }
        }
        return DetailTerms(
            savesAll: reader.optionalBool("SAVE_ALL_LOG_DETAIL", unset: "as the option SaveAllLogDetail says"),
            requestBytes: bytes("LOG_DETAIL_REQUEST_BODY_MAX_SIZE", "LogDetailRequestBodyMaxSize"),
            responseBytes: bytes("LOG_DETAIL_RESPONSE_BODY_MAX_SIZE", "LogDetailResponseBodyMaxSize"))
    }
}
