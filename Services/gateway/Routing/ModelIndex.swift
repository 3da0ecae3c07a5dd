/// The models of some channels: which enabled channels have each, and the configured spelling of any spelling.
///
/// A value: a changed one shares with the one before what was not touched.
struct ModelIndex: Sendable {
    /// The channels that have a model, by its configured spelling, in the order of their ids.
    private(set) var channels: [String: [RoutedChannel]] = [:]
    /// The configured spellings by the name in lower case, in order; almost always one.
    private var spellings: [String: [String]] = [:]

    /// Whether no channel is left.
    var isEmpty: Bool { channels.isEmpty }

    /// The configured spelling of a model, whatever its case; `nil` when no channel has it.
    func canonical(_ name: String) -> String? {
        channels[name] != nil ? name : spellings[name.lowercased()]?.first
    }

    /// Takes channels out and puts others in; a changed one is among both.
    ///
    /// Each model that they name is looked at once, however many channels come and go.
    mutating func replace(_ old: [RoutedChannel], with new: [RoutedChannel]) {
        var incoming: [String: [RoutedChannel]] = [:]
        for channel in new {
            for model in channel.models where incoming[model]?.last !== channel {
                incoming[model, default: []].append(channel)
            }
        }
        let gone = Set(old.map(\.id))
        var outgoing: Set<String> = []
        for channel in old { outgoing.formUnion(channel.models) }
        for model in outgoing where incoming[model] == nil { set(model, without(gone, model)) }
        for (model, added) in incoming { set(model, Self.merged(without(gone, model), added)) }
    }

    private func without(_ gone: Set<Int>, _ model: String) -> [RoutedChannel] {
        guard let held = channels[model], !gone.isEmpty else { return channels[model] ?? [] }
        return held.filter { !gone.contains($0.id) }
    }

    private static func merged(_ held: [RoutedChannel], _ added: [RoutedChannel]) -> [RoutedChannel] {
        let all = held + added
        return zip(all, all.dropFirst()).allSatisfy { $0.id < $1.id } ? all : all.sorted { $0.id < $1.id }
    }

    private mutating func set(_ model: String, _ list: [RoutedChannel]) {
        let isKnown = channels[model] != nil
        channels[model] = list.isEmpty ? nil : list
        guard isKnown == list.isEmpty else { return }
        let lowered = model.lowercased()
        var names = (spellings[lowered] ?? []).filter { $0 != model }
        if !list.isEmpty {
            names.append(model)
            names.sort()
        }
        spellings[lowered] = names.isEmpty ? nil : names
    }
}
