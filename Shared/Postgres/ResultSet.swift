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
