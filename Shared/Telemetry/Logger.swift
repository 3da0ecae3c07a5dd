/// Writes events as JSON lines: one object per line with `ts`, `level`, `service`, `message` and the fields given.
///
/// A value type: ``with(_:)`` gives a logger whose fields are rendered once and repeated on each line (a request's id).
/// The message is a literal; what varies goes into fields. Fields are evaluated only when the level is on.
package struct Logger: Sendable {
    /// Events below this level cost one comparison and are not written.
    package let level: LogLevel
    private let service: String
    private let sink: any LogSink
    private let clock: @Sendable () -> Int64
    /// The rendered fields of `with`, each preceded by a comma.
    private let context: [UInt8]

    /// A logger for a whole service.
    ///
    /// - Parameters:
    ///   - service: The name written on each line.
    ///   - level: The lowest level that is written.
    ///   - sink: Where lines go.
    ///   - clock: Microseconds since 1970; a parameter for tests.
    package init(
        service: String, level: LogLevel = .info, sink: any LogSink = DescriptorSink.standardOutput,
        clock: @escaping @Sendable () -> Int64 = WallClock.microseconds
    ) {
        self.init(service: service, level: level, sink: sink, clock: clock, context: [])
    }

    private init(
        service: String, level: LogLevel, sink: any LogSink, clock: @escaping @Sendable () -> Int64, context: [UInt8]
    ) {
        self.service = service
        self.level = level
        self.sink = sink
        self.clock = clock
        self.context = context
    }

    /// A logger that writes nothing, for tests and for code that must not speak.
    package static let silent = Logger(service: "", level: .error, sink: DiscardingSink())

    /// The same logger with more fields on every line.
    package func with(_ fields: LogFields) -> Logger {
        var context = context
        LogLine.append(fields, to: &context)
        return Logger(service: service, level: level, sink: sink, clock: clock, context: context)
    }

    /// Whether an event of this level would be written.
    package func isEnabled(_ level: LogLevel) -> Bool {
        level >= self.level
    }

    /// Steps inside one operation.
    package func trace(_ message: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
        log(.trace, message, fields())
    }

    /// What a developer wants while looking for a fault.
    package func debug(_ message: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
        log(.debug, message, fields())
    }

    /// Life cycle of the service, and one line per finished request.
    package func info(_ message: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
        log(.info, message, fields())
    }

    /// Somebody should look.
    package func warning(_ message: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
        log(.warning, message, fields())
    }

    /// Something was lost.
    package func error(_ message: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
        log(.error, message, fields())
    }

    /// An event of a level that is known at run time.
    package func log(_ level: LogLevel, _ message: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
        guard level >= self.level else { return }
        sink.write(
            LogLine.render(
                microseconds: clock(), level: level, service: service, message: message, context: context,
                fields: fields()))
    }

    /// Waits until every line written so far has left the process, or the sink gives up (see ``LogSink/flush()``).
    package func flush() {
        sink.flush()
    }
}
