package import Contracts
package import JSON

/// A request to order documents by how well they answer a query, in the neutral shape: texts only.
package struct RerankRequest: Equatable, Sendable {
    /// The upstream's name is set by the relay before the request is written.
    package var model: String
    package var query: String
    /// Never empty.
    package var documents: [String]
    /// How many of the best are wanted; `nil` for all.
    package var topCount: Int?
    /// Whether the answer shall repeat the documents.
    package var returnsDocuments: Bool
    /// How many tokens of a document are looked at; `nil` for the vendor's own limit.
    package var tokensPerDocument: Int?

    package init(model: String, query: String, documents: [String]) {
        self.model = model
        self.query = query
        self.documents = documents
        returnsDocuments = false
    }
}

/// The documents that were asked for, the best first.
package struct RerankResponse: Equatable, Sendable {
    /// One document by its place in the request, with its score in the vendor's own digits.
    package struct Row: Equatable, Sendable {
        package var index: Int
        package var score: JSONNumber

        package init(index: Int, score: JSONNumber) {
            self.index = index
            self.score = score
        }
    }

    /// The upstream's id; empty when it gave none.
    package var id: String
    package var rows: [Row]
    /// `nil` when the upstream told nothing.
    package var usage: TokenUsage?

    package init(id: String = "", rows: [Row], usage: TokenUsage? = nil) {
        self.id = id
        self.rows = rows
        self.usage = usage
    }
}
