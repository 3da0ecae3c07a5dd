/// The statements that one connection has prepared, by text; the least recently used one makes room. Pure.
struct StatementCache: Equatable {
    private struct Entry: Equatable {
        var name: String
        var used: UInt64
    }

    private let capacity: Int
    private var entries: [String: Entry] = [:]
    private var uses: UInt64 = 0
    private var named = 0

    /// An empty cache that holds at least one statement.
    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    /// How many statements are kept.
    var count: Int { entries.count }

    /// The name under which a text is prepared, and marks it as used.
    mutating func name(of text: String) -> String? {
        guard let place = entries.index(forKey: text) else { return nil }
        uses += 1
        entries.values[place].used = uses
        return entries.values[place].name
    }

    /// A name that no statement of this connection has had.
    mutating func nextName() -> String {
        named += 1
        return "s\(named)"
    }

    /// Remembers a prepared statement.
    ///
    /// - Returns: The name of the statement that had to go, which the server still holds.
    mutating func insert(_ text: String, name: String) -> String? {
        uses += 1
        var evicted = entries.removeValue(forKey: text)?.name
        if entries.count >= capacity, let oldest = entries.min(by: { $0.value.used < $1.value.used }) {
            evicted = oldest.value.name
            entries[oldest.key] = nil
        }
        entries[text] = Entry(name: name, used: uses)
        return evicted
    }

    /// Forgets a statement.
    ///
    /// - Returns: Its name, which the server may still hold.
    mutating func remove(_ text: String) -> String? {
        entries.removeValue(forKey: text)?.name
    }
}
