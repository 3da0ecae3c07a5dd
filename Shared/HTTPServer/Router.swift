package import HTTPCore

/// Finds the handler of a path and method.
///
/// Patterns are made of static segments, `:name` (one segment) and, at the end, `*name` (the rest, at least one segment). A static segment wins over a
/// parameter, that over a rest, also deep in the tree. Empty segments do not count: a trailing or doubled slash changes nothing, and nobody is redirected.
package struct Router: Sendable {
    /// Answers a known path asked with a method that it does not have; gets the methods that it has.
    package typealias MethodHandler = @Sendable (ServerRequest, ResponseWriter, [HTTPMethod]) async throws -> Void

    private struct Route {
        let method: HTTPMethod
        let label: String
        let names: [String]
        let handler: Handler
    }

    private struct Node {
        var statics: [(segment: [UInt8], node: Int)] = []
        var parameter: Int?
        var rest: Int?
        var routes: [Route] = []
    }

    private var nodes: [Node] = [Node()]

    /// Every route that was added, as its method and pattern, in order.
    package private(set) var routes: [(method: HTTPMethod, pattern: String)] = []

    /// Answers unknown paths; 404 by default.
    package var notFound: Handler
    /// Answers known paths with an unknown method; 405 with `Allow` by default.
    package var methodNotAllowed: MethodHandler

    /// A router without routes.
    package init() {
        notFound = { _, response in
            try response.respond(
                .notFound, ["content-type": "application/json"],
                Array(
                    #"{"error":{"message":"there is nothing at this path","type":"invalid_request_error","code":"not_found"}}"#
                        .utf8))
        }
        methodNotAllowed = { _, response, methods in
            try response.respond(
                .methodNotAllowed,
                ["content-type": "application/json", "allow": methods.map(\.rawValue).joined(separator: ", ")],
                Array(
                    #"{"error":{"message":"this path has no such method","type":"invalid_request_error","code":"method_not_allowed"}}"#
                        .utf8))
        }
    }

    /// Adds a route; an equal one that was added before is replaced.
    ///
    /// - Parameters:
    ///   - pattern: `/a/:id/b` or `/a/*rest`; a wrong one is our own mistake and traps.
    ///   - label: what metrics call the route; the pattern by default.
    package mutating func on(
        _ method: HTTPMethod, _ pattern: String, label: String? = nil, _ handler: @escaping Handler
    ) {
        precondition(pattern.hasPrefix("/"), "the route pattern \(pattern) does not begin with a slash")
        var node = 0
        var names: [String] = []
        let segments = pattern.split(separator: "/")
        for (place, segment) in segments.enumerated() {
            if segment.hasPrefix(":") {
                names.append(String(segment.dropFirst()))
                node = child(of: node, \.parameter)
            } else if segment.hasPrefix("*") {
                precondition(place == segments.count - 1, "the rest must be the end of the route pattern \(pattern)")
                names.append(String(segment.dropFirst()))
                node = child(of: node, \.rest)
            } else {
                node = child(of: node, named: Array(segment.utf8))
            }
        }
        routes.removeAll { $0.method == method && $0.pattern == pattern }
        routes.append((method, pattern))
        nodes[node].routes.removeAll { $0.method == method }
        nodes[node].routes.append(Route(method: method, label: label ?? pattern, names: names, handler: handler))
    }

    private mutating func child(of node: Int, _ kind: WritableKeyPath<Node, Int?>) -> Int {
        if let known = nodes[node][keyPath: kind] { return known }
        nodes.append(Node())
        nodes[node][keyPath: kind] = nodes.count - 1
        return nodes.count - 1
    }

    private mutating func child(of node: Int, named segment: [UInt8]) -> Int {
        if let known = nodes[node].statics.first(where: { $0.segment == segment }) { return known.node }
        nodes.append(Node())
        nodes[node].statics.append((segment, nodes.count - 1))
        return nodes.count - 1
    }

    /// Answers a request by its route. `HEAD` falls back to `GET`.
    package func handle(_ request: ServerRequest, _ response: ResponseWriter) async throws {
        var allowed: [HTTPMethod] = []
        guard let (route, values) = find(request.head.method, request.head.target, &allowed) else {
            if allowed.isEmpty { return try await notFound(request, response) }
            return try await methodNotAllowed(request, response, allowed)
        }
        request.route = route.label
        for (name, value) in zip(route.names, values) { request.parameters[name] = value }
        try await route.handler(request, response)
    }

    private func find(
        _ method: HTTPMethod, _ target: RequestTarget, _ allowed: inout [HTTPMethod]
    ) -> (Route, [String])? {
        target.withPath { path in
            var values: [Range<Int>] = []
            guard let (route, isRest) = walk(0, path, target, 0, method, &values, &allowed) else { return nil }
            var texts: [String] = []
            for (place, value) in values.enumerated() {
                texts.append(
                    isRest && place == values.count - 1
                        ? rest(of: path, target, value)
                        : PercentDecoding.text(path.extracting(value), plusIsSpace: false))
            }
            return (route, texts)
        }
    }

    private func rest(of path: Span<UInt8>, _ target: RequestTarget, _ range: Range<Int>) -> String {
        var segments: [String] = []
        var place = range.lowerBound
        while let segment = target.nextSegment(from: place) {
            segments.append(PercentDecoding.text(path.extracting(segment), plusIsSpace: false))
            place = segment.upperBound
        }
        return segments.joined(separator: "/")
    }

    /// Depth first, the more exact child first; remembers the methods of paths that would fit.
    private func walk(
        _ node: Int, _ path: Span<UInt8>, _ target: RequestTarget, _ place: Int, _ method: HTTPMethod,
        _ values: inout [Range<Int>], _ allowed: inout [HTTPMethod]
    ) -> (Route, isRest: Bool)? {
        guard let segment = target.nextSegment(from: place) else {
            return pick(node, method, &allowed).map { ($0, false) }
        }
        if let next = staticChild(of: node, path.extracting(segment)),
            let found = walk(next, path, target, segment.upperBound, method, &values, &allowed)
        {
            return found
        }
        if let next = nodes[node].parameter {
            values.append(segment)
            if let found = walk(next, path, target, segment.upperBound, method, &values, &allowed) { return found }
            values.removeLast()
        }
        if let next = nodes[node].rest, let route = pick(next, method, &allowed) {
            values.append(segment.lowerBound..<path.count)
            return (route, true)
        }
        return nil
    }

    private func staticChild(of node: Int, _ segment: Span<UInt8>) -> Int? {
        for child in nodes[node].statics where child.segment.count == segment.count {
            if segment.isEqual(to: child.segment) { return child.node }
        }
        // An escaped segment is rare; it is decoded and compared once more.
        guard segment.contains(percent: ()) else { return nil }
        let decoded = Array(PercentDecoding.text(segment, plusIsSpace: false).utf8)
        return nodes[node].statics.first { $0.segment == decoded }?.node
    }

    private func pick(_ node: Int, _ method: HTTPMethod, _ allowed: inout [HTTPMethod]) -> Route? {
        let routes = nodes[node].routes
        if let exact = routes.first(where: { $0.method == method }) { return exact }
        if method == .head, let get = routes.first(where: { $0.method == .get }) { return get }
        for route in routes where !allowed.contains(route.method) {
            allowed.append(route.method)
            if route.method == .get, !routes.contains(where: { $0.method == .head }) { allowed.append(.head) }
        }
        return nil
    }
}

extension Span<UInt8> {
    fileprivate func isEqual(to bytes: [UInt8]) -> Bool {
        for place in indices where self[place] != bytes[place] { return false }
        return true
    }

    fileprivate func contains(percent: Void) -> Bool {
        for place in indices where self[place] == 0x25 { return true }
        return false
    }
}
