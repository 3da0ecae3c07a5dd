import CLibPQ
import Glibc

/// The rows of one answer, read in place from libpq's memory.
@safe
final class ResultSet: @unchecked Sendable {
    // SAFETY: a PGresult is independent of its connection and is only read after it was made; libpq documents such reads as thread-safe. It is freed once, in `deinit`.
    private let handle: OpaquePointer

    /// How many rows there are.
    let rowCount: Int
    /// How many columns each has.
    let columnCount: Int

    /// Takes over a result; it is cleared together with this object.
    init(owning handle: OpaquePointer) {
        unsafe self.handle = handle
        rowCount = Int(unsafe PQntuples(handle))
        columnCount = Int(unsafe PQnfields(handle))
    }

    deinit {
        unsafe PQclear(handle)
    }

    /// What kind of answer this is.
    var answer: QueryMachine.Answer {
        switch unsafe PQresultStatus(handle) {
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: .done
        case PGRES_TUPLES_OK: .rows
        case PGRES_COPY_IN: .copyIn
        case PGRES_COPY_OUT, PGRES_COPY_BOTH: .copyOut
        case PGRES_FATAL_ERROR: .failed(SQLState(field(Int32(UInt8(ascii: "C"))) ?? "08006"))
        default: .unexpected
        }
    }

    /// The error of a failed answer; DETAIL, HINT and CONTEXT stay out, because they quote values and text.
    var error: PostgresError {
        PostgresError.from(
            state: SQLState(field(Int32(UInt8(ascii: "C"))) ?? "08006"),
            message: field(Int32(UInt8(ascii: "M"))) ?? "the connection was lost",
            constraint: field(Int32(UInt8(ascii: "n"))), table: field(Int32(UInt8(ascii: "t"))),
            column: field(Int32(UInt8(ascii: "c"))))
    }

    /// How many rows a command touched; 0 for one that touches none.
    var affectedRows: Int { Int(unsafe String(cString: PQcmdTuples(handle))) ?? 0 }

    /// What the server says it did (`INSERT 0 1`, `ROLLBACK`).
    var commandTag: String { unsafe String(cString: PQcmdStatus(handle)) }

    private func field(_ code: Int32) -> String? {
        unsafe PQresultErrorField(handle, code).map { unsafe String(cString: $0) }
    }

    /// The place of a column by its exact name; the first one when several have it.
    func column(named name: String) -> Int? {
        unsafe name.withCString { wanted in
            (0..<columnCount).first { unsafe strcmp(PQfname(handle, Int32($0)), wanted) == 0 }
        }
    }

    /// The name of a column.
    func name(of column: Int) -> String {
        guard (0..<columnCount).contains(column) else { return "#\(column)" }
        return unsafe String(cString: PQfname(handle, Int32(column)))
    }

    /// Whether a value is NULL.
    func isNull(_ row: Int, _ column: Int) -> Bool {
        unsafe PQgetisnull(handle, Int32(row), Int32(column)) != 0
    }

    /// Reads a value's bytes; the span must not leave `body`.
    func withValue<T>(
        _ row: Int, _ column: Int, _ body: (Span<UInt8>) throws(PostgresDecodeFault) -> T
    ) throws(PostgresDecodeFault) -> T {
        let length = Int(unsafe PQgetlength(handle, Int32(row), Int32(column)))
        let start = unsafe UnsafeRawPointer(PQgetvalue(handle, Int32(row), Int32(column)))
        let bytes = unsafe UnsafeBufferPointer(start: start?.assumingMemoryBound(to: UInt8.self), count: length)
        return try body(unsafe Span(_unsafeElements: bytes))
    }
}
