import Contracts

extension Snapshot {
    /// Whether it holds no row and removes none.
    var isEmpty: Bool {
        channels.isEmpty && removedChannels.isEmpty && tokens.isEmpty && removedTokens.isEmpty && groups.isEmpty
            && removedGroups.isEmpty && modelConfigs.isEmpty && removedModelConfigs.isEmpty && options == nil
    }

    /// The same with its rows in the order of their ids, of rows with one id the last, and no removals.
    var inOrder: Snapshot {
        Snapshot(
            epoch: epoch, revision: revision, isWhole: true, channels: Self.ordered(channels, \.id),
            tokens: Self.ordered(tokens, \.id), groups: Self.ordered(groups, \.id),
            modelConfigs: Self.ordered(modelConfigs, \.model), options: options, owners: owners)
    }

    /// The whole snapshot that follows on this one by `changes`. A row that is both removed and present was made anew, so it is present.
    func applying(_ changes: Snapshot) -> Snapshot {
        Snapshot(
            epoch: epoch, revision: changes.revision, isWhole: true,
            channels: Self.merged(channels, changes.channels, without: changes.removedChannels, \.id),
            tokens: Self.merged(tokens, changes.tokens, without: changes.removedTokens, \.id),
            groups: Self.merged(groups, changes.groups, without: changes.removedGroups, \.id),
            modelConfigs: Self.merged(
                modelConfigs, changes.modelConfigs, without: changes.removedModelConfigs, \.model),
            options: changes.options ?? options, owners: owners.merging(changes.owners) { $1 })
    }

    private static func ordered<Row, ID: Comparable & Hashable>(_ rows: [Row], _ id: (Row) -> ID) -> [Row] {
        let isOrdered = zip(rows, rows.dropFirst()).allSatisfy { id($0) < id($1) }
        guard !isOrdered else { return rows }
        var last: [ID: Row] = [:]
        for row in rows { last[id(row)] = row }
        return last.sorted { $0.key < $1.key }.map(\.value)
    }

    private static func merged<Row, ID: Comparable & Hashable>(
        _ held: [Row], _ changed: [Row], without removed: [ID], _ id: (Row) -> ID
    ) -> [Row] {
        guard !changed.isEmpty || !removed.isEmpty else { return held }
        let changed = ordered(changed, id)
        let removed = Set(removed)
        var result: [Row] = []
        result.reserveCapacity(held.count + changed.count)
        var next = 0
        for row in held {
            let place = id(row)
            while next < changed.count, id(changed[next]) < place {
                result.append(changed[next])
                next += 1
            }
            if next < changed.count, id(changed[next]) == place {
                result.append(changed[next])
                next += 1
            } else if !removed.contains(place) {
                result.append(row)
            }
        }
        result.append(contentsOf: changed[next...])
        return result
    }
}
