package import Contracts

/// Where records of finished calls go; the seam between the relay and the shipping of logs.
package protocol Ledger: Sendable {
    /// Takes a record; never waits. What happens at the bound is the ledger's to say.
    func append(_ record: CallRecord)
}
